"""Inversion by a local polynomial fit that knows the body's outline.

In a disc around each pixel, a quartic polynomial is fitted to the wave inside the body by least squares; its value and
Laplacian at the centre are u and the Laplacian of u. |G| is rho*omega^2 times the ratio of their root mean squares over
a Gaussian neighbourhood (as in MDEV), without directional filters, so interfering waves are fitted as one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import fft, ndimage

from simulation.physics.inversion import Inversion, box_of, stiffness_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Complex = NDArray[np.complex128]

ORDER: Final = 4
LONGEST_WAVE_MM: Final = 120.0
RIDGE: Final = 1e-4
"""Added to the diagonal of the normal equations, relative to the trace: the fit stays defined at thin edges."""
_POWERS: Final = tuple((i, j) for i in range(ORDER + 1) for j in range(ORDER + 1 - i))
_CENTRE: Final = _POWERS.index((0, 0))
_CURVATURE: Final = (_POWERS.index((2, 0)), _POWERS.index((0, 2)))


def invert_polynomial(
    wave_rad: NDArray[np.complex64],
    inside: NDArray[np.bool_],
    spacing_mm: float,
    frequency_hz: float,
    fit_sigma_mm: float,
    radius_mm: float = 11.0,
) -> Inversion:
    """Return stiffness and goodness of fit of one slice; for the parameters see `inversion.invert`.

    Parameters
    ----------
    radius_mm : radius of the disc of the fit
    """
    box = box_of(inside)
    body = inside[box]
    slow = _without_slow_motion(np.where(body, wave_rad[box], 0.0), body, spacing_mm)
    smooth, laplacian = _fitted(slow, body, spacing_mm, max(radius_mm, 2.6 * spacing_mm))
    return stiffness_of(inside, box, smooth[None], laplacian[None], fit_sigma_mm / spacing_mm, frequency_hz)


def _without_slow_motion(wave: Complex, body: NDArray[np.bool_], spacing_mm: float) -> Complex:
    """Subtract the local mean over the body: longitudinal motion and breathing have long waves."""
    sigma = LONGEST_WAVE_MM / (2.0 * np.pi) / spacing_mm
    share = np.maximum(ndimage.gaussian_filter(body.astype(np.float64), sigma), 1e-3)
    mean = ndimage.gaussian_filter(wave.real, sigma) + 1j * ndimage.gaussian_filter(wave.imag, sigma)
    return np.where(body, wave - mean / share, 0.0)


def _fitted(wave: Complex, body: NDArray[np.bool_], spacing_mm: float, radius_mm: float) -> tuple[Complex, Complex]:
    """Return the fitted wave and its Laplacian in 1/m^2, (R, C) each, 0 outside the body."""
    reach = int(radius_mm / spacing_mm)
    steps = np.arange(-reach, reach + 1) / reach
    y, x = np.meshgrid(steps, steps, indexing="ij")
    disc = (x**2 + y**2 <= 1.0).astype(np.float64)
    basis = np.stack([disc * y**i * x**j for i, j in _POWERS])
    right = np.stack([_correlated(wave, kernel) for kernel in basis])
    whole = _correlated(body.astype(np.complex128), disc).real >= disc.sum() - 0.5
    coefficients = np.tensordot(_inverse(basis), right, axes=1)
    edge = body & ~whole
    if edge.any():
        coefficients[:, edge] = _solved(body, basis, right[:, edge], edge, disc, (y, x))
    scale = 2.0 / (1e-3 * reach * spacing_mm) ** 2
    laplacian = scale * sum(coefficients[index] for index in _CURVATURE)
    return np.where(body, coefficients[_CENTRE], 0.0), np.where(body, laplacian, 0.0)


def _inverse(basis: NDArray[np.float64]) -> NDArray[np.float64]:
    flat = basis.reshape(len(basis), -1)
    normal = flat @ flat.T
    return np.asarray(np.linalg.inv(normal + RIDGE * 1e-3 * np.trace(normal) * np.eye(len(flat))))


def _solved(
    body: NDArray[np.bool_],
    basis: NDArray[np.float64],
    right: Complex,
    edge: NDArray[np.bool_],
    disc: NDArray[np.float64],
    places: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> Complex:
    """Return the coefficients (N, P) of pixels whose disc leaves the body: each has normal equations of its own."""
    y, x = places
    degrees = sorted({(a + c, b + d) for a, b in _POWERS for c, d in _POWERS})
    moments = {(i, j): _correlated(body.astype(np.complex128), disc * y**i * x**j).real[edge] for i, j in degrees}
    count = len(basis)
    normal = np.empty((right.shape[1], count, count))
    for row, (a, b) in enumerate(_POWERS):
        for column, (c, d) in enumerate(_POWERS):
            normal[:, row, column] = moments[a + c, b + d]
    ridge = RIDGE * np.trace(normal, axis1=1, axis2=2) / count
    normal[:, range(count), range(count)] += ridge[:, None]
    return np.asarray(np.linalg.solve(normal, right.T[..., None])[..., 0].T, np.complex128)


def _correlated(image: Complex, kernel: NDArray[np.float64]) -> Complex:
    """Return the correlation of an image (R, C) with an odd kernel, zero beyond the edge."""
    shape = tuple(fft.next_fast_len(size + width - 1) for size, width in zip(image.shape, kernel.shape, strict=True))
    half = [width // 2 for width in kernel.shape]
    product = fft.ifft2(fft.fft2(image, shape) * _transform(kernel.tobytes(), kernel.shape, shape))
    rows, columns = image.shape
    return np.asarray(product[half[0] : half[0] + rows, half[1] : half[1] + columns])


@lru_cache(maxsize=128)
def _transform(content: bytes, size: tuple[int, ...], shape: tuple[int, ...]) -> Complex:
    kernel = np.frombuffer(content, np.float64).reshape(size)
    return np.asarray(fft.fft2(kernel[::-1, ::-1], shape))
