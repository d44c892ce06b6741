//! Where a series of points goes, if it goes on as it does.

/// A straight line through points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Course {
    /// How much it rises in an hour.
    pub per_hour: f64,
    /// Where it is at the last point.
    pub now: f64,
}

/// The line through points, each an hour and a value; nothing where there is none.
pub(crate) fn course(places: &[(f64, f64)]) -> Option<Course> {
    #[expect(clippy::cast_precision_loss, reason = "there are never so many points")]
    let count = places.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| places.iter().map(of).sum::<f64>() / count;
    let (middle, level) = (mean(|place| place.0), mean(|place| place.1));
    let spread: f64 = places.iter().map(|(x, _)| (x - middle).powi(2)).sum();
    let per_hour = places
        .iter()
        .map(|(x, y)| (x - middle) * (y - level))
        .sum::<f64>()
        / spread;
    let last = places.last()?.0;
    let now = per_hour.mul_add(last - middle, level);
    (per_hour.is_finite() && now.is_finite()).then_some(Course { per_hour, now })
}

impl Course {
    /// In how many hours it is at a limit, to a tenth; nothing where it does not go there within a year.
    pub(crate) fn reaches(self, limit: f64) -> Option<f64> {
        let hours = (limit - self.now) / self.per_hour;
        (hours.is_finite() && hours > 0.0 && hours < 8766.0).then(|| (hours * 10.0).round() / 10.0)
    }
}
