//! How what something takes grows with how much of it there is.

/// The exponent of a power law through points of logarithms: the slope of the line with the least squares.
#[expect(clippy::cast_precision_loss, reason = "a handful of points")]
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let own: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    both / own
}
