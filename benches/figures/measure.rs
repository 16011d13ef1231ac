//! Two sides measured in turns; medians, and how far the rounds lie apart.

use serde_json::json;
use std::time::Instant;

/// What the ratio should reach.
#[derive(Clone, Copy)]
pub struct Goal(pub f64);

/// One side of a comparison: its name, its unit, and one measured batch.
pub struct Side<'a> {
    name: &'a str,
    unit: &'a str,
    rate: Box<dyn FnMut() -> f64 + 'a>,
}

impl<'a> Side<'a> {
    pub fn new(name: &'a str, unit: &'a str, rate: impl FnMut() -> f64 + 'a) -> Self {
        Self {
            name,
            unit,
            rate: Box::new(rate),
        }
    }
}

/// Seconds that `work` takes this thread: of the processor where the system tells it, else of the wall clock.
pub fn seconds(work: impl FnOnce()) -> f64 {
    let (wall, before) = (Instant::now(), on_processor());
    work();
    match (before, on_processor()) {
        (Some(before), Some(after)) if after > before => (after - before) as f64 / 1e9,
        _ => wall.elapsed().as_secs_f64(),
    }
}

/// Which clock a side is measured by.
#[derive(Clone, Copy)]
pub enum Time {
    /// The processor's, of this thread.
    Processor,
    /// The one on the wall, where others work for it.
    Wall,
}

impl Time {
    /// Seconds that `work` takes.
    pub fn of(self, work: impl FnOnce()) -> f64 {
        match self {
            Self::Processor => seconds(work),
            Self::Wall => {
                let wall = Instant::now();
                work();
                wall.elapsed().as_secs_f64()
            }
        }
    }
}

/// Nanoseconds that this thread has had a processor (Linux).
fn on_processor() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// Whether a figure is asked for: all are, unless words are given of which one must stand in its name.
pub fn is_wanted(name: &str) -> bool {
    let mut words = std::env::args().skip(1).filter(|a| !a.starts_with("--")).peekable();
    words.peek().is_none() || words.any(|word| name.contains(&word))
}

/// Prints a figure that is compared with nothing.
pub fn value(name: &str, unit: &str, rounds: usize, mut rate: impl FnMut() -> f64) {
    if !is_wanted(name) {
        return;
    }
    rate();
    let rates = sorted((0..rounds).map(|_| rate()).collect());
    println!(
        "{}",
        json!({"figure": name, "unit": unit, "value": median(&rates), "low": rates.first(), "high": rates.last(), "rounds": rounds})
    );
}

/// Prints the ratio of `product` to `bare`, one after the other in each round.
pub fn compare(name: &str, mut product: Side<'_>, mut bare: Side<'_>, goal: Goal, rounds: usize) {
    if !is_wanted(name) {
        return;
    }
    // The first round warms the caches and does not count.
    (product.rate)();
    (bare.rate)();
    let pairs: Vec<(f64, f64)> = (0..rounds).map(|_| ((product.rate)(), (bare.rate)())).collect();
    let ratios = sorted(pairs.iter().map(|(p, b)| p / b).collect());
    println!(
        "{}",
        json!({
            "figure": name, "ratio": median(&ratios), "low": ratios.first(), "high": ratios.last(), "goal": goal.0, "better": "higher",
            "product": {"what": product.name, "unit": product.unit, "value": median(&sorted(pairs.iter().map(|p| p.0).collect()))},
            "against": {"what": bare.name, "unit": bare.unit, "value": median(&sorted(pairs.iter().map(|p| p.1).collect()))},
            "rounds": rounds,
        })
    );
}

/// Prints which part of the time of `product` is not spent in `key`, one after the other in each round.
pub fn share(name: &str, mut product: Side<'_>, mut key: Side<'_>, rounds: usize) {
    if !is_wanted(name) {
        return;
    }
    (product.rate)();
    (key.rate)();
    let pairs: Vec<(f64, f64)> = (0..rounds).map(|_| ((product.rate)(), (key.rate)())).collect();
    let shares = sorted(pairs.iter().map(|(p, k)| 1.0 - p / k).collect());
    println!(
        "{}",
        json!({
            "figure": name, "ratio": median(&shares), "low": shares.first(), "high": shares.last(), "goal": null, "better": "lower",
            "product": {"what": product.name, "unit": product.unit, "value": median(&sorted(pairs.iter().map(|p| p.0).collect()))},
            "against": {"what": key.name, "unit": key.unit, "value": median(&sorted(pairs.iter().map(|p| p.1).collect()))},
            "rounds": rounds,
        })
    );
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
