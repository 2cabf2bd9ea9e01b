"""The resources of the container, read from the files of both versions of cgroups, and their division."""

from pathlib import Path

import pytest

from imagehost.imaging import renderer
from imagehost.imaging.budgets import Plan
from imagehost.imaging.resources import MIB, Resources, available

GIB = 1024 * MIB
MACHINE = 16 * GIB


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Read the limits from files with the given content."""

    (tmp_path / "cgroup").mkdir()
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(4)))
    monkeypatch.setattr("os.sysconf", {"SC_PHYS_PAGES": MACHINE // 4096, "SC_PAGE_SIZE": 4096}.get)

    def read(membership: str, files: dict[str, str]) -> Resources:
        for name, text in {"../proc/self/cgroup": membership, **files}.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return available(tmp_path / "cgroup", tmp_path / "proc")

    return read


def test_without_limits_it_is_the_machine(found):
    files = {"cpu.max": "max 100000\n", "memory.max": "max\n"}
    assert found("0::/\n", files) == found("", {}) == Resources(MACHINE, 4)


def test_a_container_sees_its_limits_at_the_root_of_version_2(found):
    files = {"cpu.max": "100000 100000\n", "memory.max": f"{2 * GIB}\n"}
    assert found("0::/\n", files) == Resources(2 * GIB, 1)


def test_the_lowest_limit_of_all_parents_counts(found):
    files = {
        "a/b/memory.max": "max\n",
        "a/memory.max": f"{GIB}\n",
        "a/cpu.max": "max 100000\n",
        "a/b/cpu.max": "150000 100000\n",
        "memory.max": f"{3 * GIB}\n",
    }
    assert found("0::/a/b\n", files) == Resources(GIB, 1.5)


def test_version_1_is_read_too(found):
    files = {
        "memory/docker/1/memory.limit_in_bytes": f"{GIB}\n",
        "memory/memory.limit_in_bytes": "9223372036854771712\n",
        "cpu,cpuacct/docker/1/cpu.cfs_quota_us": "50000\n",
        "cpu,cpuacct/docker/1/cpu.cfs_period_us": "100000\n",
        "cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
        "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    }
    membership = "5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n0::/docker/1\n"
    assert found(membership, files) == Resources(GIB, 0.5)


def test_a_container_whose_cgroup_is_mounted_as_the_root_is_limited(found):
    files = {"memory/memory.limit_in_bytes": f"{GIB}\n", "cpu/cpu.cfs_quota_us": "-1\n"}
    assert found("5:memory:/docker/1\n4:cpu:/docker/1\n", files) == Resources(GIB, 4)


def test_this_machine_has_something():
    given = available()
    assert given.memory > 64 * MIB
    assert given.processors > 0


@pytest.mark.parametrize("memory", [GIB, 2 * GIB, 4 * GIB, MACHINE, 512 * GIB])
@pytest.mark.parametrize("processors", [0.5, 1, 2, 7.5, 64])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_all_budgets_together_fit_into_the_container(memory, processors, workers):
    plan = Plan.of(Resources(memory, processors), workers, 100_000_000)
    assert plan.at_once * plan.light.memory + plan.large.memory + (192 + 160 * workers) * MIB <= max(
        memory, (192 + 160 * workers) * MIB + memory // 4
    )
    assert plan.light.memory <= plan.large.memory
    assert plan.light.memory >= 32 * MIB


def test_the_defaults_of_compose_give_two_photographs_and_a_large_picture_at_once():
    plan = Plan.of(Resources(2 * GIB, 1), 2, 100_000_000)
    assert (plan.at_once, plan.light.memory, plan.large.memory) == (2, 256 * MIB, GIB)


def test_even_the_smallest_container_renders():
    plan = Plan.of(Resources(256 * MIB, 0.1), 2, 100_000_000)
    assert plan.at_once == 1
    assert plan.light.memory >= 32 * MIB


def test_all_waiting_times_together_are_below_the_timeout_of_nginx():
    plan = Plan.of(Resources(2 * GIB, 1), 2, 100_000_000)
    waits = renderer.SECONDS_TO_WAIT_FOR_SLOT + renderer.SECONDS_TO_WAIT_AS_LARGE
    assert plan.light.wall_seconds + plan.large.wall_seconds + waits <= 60


def test_the_settings_of_nginx_and_of_compose_are_those_that_are_meant_here():
    root = Path(__file__).parents[2]
    assert "mem_limit: ${APP_MEMORY:-2g}" in (root / "compose.yaml").read_text()
    assert "PROXY_TIMEOUT 60" in (root / "nginx" / "15-settings.envsh").read_text()
