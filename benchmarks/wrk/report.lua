-- What wrk found, as one line of JSON.
function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"per_second": %f, "median": %f, "p99": %f, "failed": %d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6, failed))
end
