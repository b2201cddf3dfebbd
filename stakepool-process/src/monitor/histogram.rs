//! A histogram of durations that costs no lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::exposition::{Exposition, Kind};

/// Counts durations up to fixed bounds.
///
/// ```
/// use std::time::Duration;
/// use stakepool_process::monitor::{Exposition, Histogram};
///
/// const BOUNDS: &[Duration] = &[Duration::from_millis(10), Duration::from_millis(100)];
/// let answers = Histogram::new(BOUNDS);
/// answers.observe(Duration::from_millis(40));
/// let mut figures = Exposition::default();
/// answers.write("answer_seconds", "The time of an answer.", &mut figures);
/// assert!(figures.into_text().contains("answer_seconds_bucket{le=\"0.1\"} 1\n"));
/// ```
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [Duration],
    counts: Vec<AtomicU64>,
    micros: AtomicU64,
}

impl Histogram {
    /// An empty histogram with growing upper bounds.
    pub fn new(bounds: &'static [Duration]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, micros: AtomicU64::new(0) }
    }

    /// Counts a duration.
    pub fn observe(&self, duration: Duration) {
        let place = self.bounds.partition_point(|bound| *bound < duration);
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Writes the family, in seconds.
    pub fn write(&self, name: &str, help: &str, to: &mut Exposition) {
        to.family(name, Kind::Histogram, help);
        let bucket = format!("{name}_bucket");
        let mut sum = 0_u64;
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            sum += count.load(Ordering::Relaxed);
            to.sample(&bucket, &[("le", &bound.as_secs_f64().to_string())], sum);
        }
        sum += self.counts.last().map_or(0, |count| count.load(Ordering::Relaxed));
        to.sample(&bucket, &[("le", "+Inf")], sum);
        to.sample(&format!("{name}_sum"), &[], self.micros.load(Ordering::Relaxed) as f64 / 1e6);
        to.sample(&format!("{name}_count"), &[], sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observations_are_counted_up_to_each_bound() {
        const BOUNDS: &[Duration] = &[Duration::from_millis(5), Duration::from_millis(100)];
        let histogram = Histogram::new(BOUNDS);
        for millis in [1, 5, 6, 1000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let mut text = Exposition::default();
        histogram.write("t", "Time.", &mut text);
        let text = text.into_text();
        let samples: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(
            samples,
            [
                "t_bucket{le=\"0.005\"} 2",
                "t_bucket{le=\"0.1\"} 3",
                "t_bucket{le=\"+Inf\"} 4",
                "t_sum 1.012",
                "t_count 4"
            ]
        );
    }
}
