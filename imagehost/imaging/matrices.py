"""3 × 3 matrices that convert colours: from the primaries of a colour space to XYZ, and between spaces."""

from typing import NamedTuple, TypeAlias

Vector: TypeAlias = tuple[float, float, float]
Matrix: TypeAlias = tuple[Vector, Vector, Vector]

D50: Vector = (0.9642, 1.0, 0.8249)
"""The white of ICC profiles, in XYZ."""
BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
"""The matrix from XYZ to the responses of the eye, in which a change of the white is a multiplication."""


class Primaries(NamedTuple):
    """The x and y of white, red, green and blue of a colour space."""

    white: tuple[float, float]
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]


def applied(matrix: Matrix, vector: Vector) -> Vector:
    """Multiply a matrix by a vector."""
    x, y, z = vector
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z


def transposed(matrix: Matrix) -> Matrix:
    """Swap rows and columns."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return (a, d, g), (b, e, h), (c, f, i)


def multiplied(left: Matrix, right: Matrix) -> Matrix:
    """Multiply two matrices."""
    first, second, third = transposed(right)
    return transposed((applied(left, first), applied(left, second), applied(left, third)))


def inverted(matrix: Matrix) -> Matrix:
    """Invert a matrix. Raises ZeroDivisionError if it has no inverse."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    one = 1 / (a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))
    return (
        ((e * i - f * h) * one, (c * h - b * i) * one, (b * f - c * e) * one),
        ((f * g - d * i) * one, (a * i - c * g) * one, (c * d - a * f) * one),
        ((d * h - e * g) * one, (b * g - a * h) * one, (a * e - b * d) * one),
    )


def to_xyz(primaries: Primaries) -> Matrix:
    """Return the matrix from linear RGB to XYZ. Raises ZeroDivisionError for impossible primaries."""
    white, *colours = ((x / y, 1.0, (1 - x - y) / y) for x, y in primaries)
    red, green, blue = colours
    columns = transposed((red, green, blue))
    return multiplied(columns, diagonal(applied(inverted(columns), white)))


def to_d50(primaries: Primaries) -> Matrix:
    """Return the matrix from linear RGB to the XYZ of ICC profiles. Raises ZeroDivisionError."""
    matrix = to_xyz(primaries)
    white = applied(BRADFORD, applied(matrix, (1.0, 1.0, 1.0)))
    wanted = applied(BRADFORD, D50)
    change = diagonal((wanted[0] / white[0], wanted[1] / white[1], wanted[2] / white[2]))
    return multiplied(multiplied(inverted(BRADFORD), multiplied(change, BRADFORD)), matrix)


def diagonal(vector: Vector) -> Matrix:
    """Return the matrix that multiplies each of three numbers by its own factor."""
    x, y, z = vector
    return (x, 0.0, 0.0), (0.0, y, 0.0), (0.0, 0.0, z)
