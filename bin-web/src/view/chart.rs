//! Charts: shapes for an inline SVG, the same in words, and the numbers as a table.
//!
//! A drawing is 1000 units wide and 100 high, is stretched to its place, and holds no text, so that it can be read on a
//! narrow screen; the texts around it are the template's.

use std::fmt::Write as _;

use serde::Serialize;

/// The size of the drawing in its own units; the template has the same numbers.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 100.0;

/// Something that is counted day by day.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it is, for the legend and the table.
    pub name: &'static str,
    /// How it is drawn: a class of the style sheet.
    pub class: &'static str,
    /// A number a day; `None` where it is not known.
    pub values: Vec<Option<f64>>,
}

/// A chart as the template takes it.
#[derive(Clone, Debug, Serialize)]
pub struct Chart {
    /// Its heading.
    pub title: &'static str,
    /// What it shows, for those who do not see it.
    pub alternative: String,
    /// The number at the upper edge, with its unit.
    pub top: String,
    /// The first and the last day.
    pub first: String,
    /// The last day.
    pub last: String,
    /// What is drawn, the first at the bottom.
    pub shapes: Vec<Shape>,
    /// The numbers, newest day first.
    pub rows: Vec<Row>,
}

/// One series as it is drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// Its class.
    pub class: &'static str,
    /// The path.
    pub path: String,
    /// Numbers of a line that stand alone and would be too small to be seen, as steps of no length: with round ends
    /// they are dots.
    pub dots: String,
}

impl Chart {
    /// A chart with something in every part, to try templates with.
    pub fn sample() -> Self {
        let row = Row { day: "2026-01-01".to_owned(), values: vec!["1".to_owned()] };
        let shape = Shape { name: "sample", class: "part", path: "M0 0".to_owned(), dots: "M0 0".to_owned() };
        Self {
            title: "Sample",
            alternative: "A sample".to_owned(),
            top: "1".to_owned(),
            first: row.day.clone(),
            last: row.day.clone(),
            shapes: vec![shape],
            rows: vec![row],
        }
    }
}

/// The numbers of a day.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The day.
    pub day: String,
    /// A number a series.
    pub values: Vec<String>,
}

/// What a chart is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its heading.
    pub title: &'static str,
    /// What stands behind each number, such as ` %`.
    pub unit: &'static str,
    /// Digits behind the point.
    pub digits: usize,
    /// The days, first to last.
    pub days: Vec<String>,
    /// What was counted on them.
    pub series: Vec<Series>,
    /// The same in a sentence.
    pub alternative: String,
}

impl Plan {
    /// A chart of bars, one a day, the series on top of each other.
    pub fn bars(self) -> Chart {
        let sums = (0..self.days.len()).map(|day| self.series.iter().filter_map(|series| value(series, day)).sum());
        let top = at_the_top(sums);
        let step = WIDTH / self.days.len().max(1) as f64;
        let mut below = vec![0.0; self.days.len()];
        let mut shapes = Vec::with_capacity(self.series.len());
        for series in &self.series {
            let mut path = String::new();
            for (day, below) in below.iter_mut().enumerate() {
                let Some(value) = value(series, day).filter(|value| *value > 0.0) else { continue };
                let (left, width) = (step * (day as f64 + 0.15), step * 0.7);
                let (foot, height) = (HEIGHT * (1.0 - *below / top), HEIGHT * value / top);
                *below += value;
                // Writing to a text cannot fail.
                let _ = write!(path, "M{left:.1} {foot:.1}v-{height:.1}h{width:.1}v{height:.1}z");
            }
            shapes.push(Shape { name: series.name, class: series.class, path, dots: String::new() });
        }
        self.chart(top, shapes)
    }

    /// A chart of lines. A line is broken where a number is not known.
    pub fn lines(self) -> Chart {
        let top = at_the_top(self.series.iter().flat_map(|series| series.values.iter().flatten().copied()));
        let step = WIDTH / self.days.len().saturating_sub(1).max(1) as f64;
        let line = |series: &Series| {
            let (mut path, mut dots) = (String::new(), String::new());
            let known = |day: usize| value(series, day).is_some();
            for day in 0..self.days.len() {
                let Some(value) = value(series, day) else { continue };
                let (x, y) = (step * day as f64, HEIGHT * (1.0 - value / top));
                let goes_on = day > 0 && known(day - 1);
                // Writing to a text cannot fail.
                let _ = match (goes_on, known(day + 1)) {
                    (true, _) => write!(path, "L{x:.1} {y:.1}"),
                    (false, true) => write!(path, "M{x:.1} {y:.1}"),
                    (false, false) => write!(dots, "M{x:.1} {y:.1}h0"),
                };
            }
            Shape { name: series.name, class: series.class, path, dots }
        };
        let shapes = self.series.iter().map(line).collect();
        self.chart(top, shapes)
    }

    fn chart(self, top: f64, shapes: Vec<Shape>) -> Chart {
        let show = |value: Option<f64>| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{value:.*}{}", self.digits, self.unit))
        };
        let row = |(day, name): (usize, &String)| Row {
            day: name.clone(),
            values: self.series.iter().map(|series| show(value(series, day))).collect(),
        };
        Chart {
            title: self.title,
            top: show(Some(top)),
            first: self.days.first().cloned().unwrap_or_default(),
            last: self.days.last().cloned().unwrap_or_default(),
            shapes,
            rows: self.days.iter().enumerate().rev().map(row).collect(),
            alternative: self.alternative,
        }
    }
}

fn value(series: &Series, day: usize) -> Option<f64> {
    series.values.get(day).copied().flatten()
}

/// A round number at least as large as all values: 1, 2 or 5 times a power of ten.
fn at_the_top(values: impl Iterator<Item = f64>) -> f64 {
    let largest = values.fold(0.0_f64, f64::max);
    if !largest.is_finite() || largest <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(largest.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|top| *top >= largest).unwrap_or(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(values: &[&[Option<f64>]]) -> Plan {
        let series =
            |(n, values): (usize, &&[Option<f64>])| Series { name: ["a", "b"][n], class: "x", values: values.to_vec() };
        Plan {
            title: "t",
            unit: " %",
            digits: 1,
            days: (1..=values[0].len()).map(|day| format!("day {day}")).collect(),
            series: values.iter().enumerate().map(series).collect(),
            alternative: String::new(),
        }
    }

    #[test]
    fn the_upper_edge_is_a_round_number() {
        for (largest, top) in [(0.0, 1.0), (1.0, 1.0), (3.0, 5.0), (7.0, 10.0), (1_234.0, 2_000.0), (0.034, 0.05)] {
            assert!((at_the_top([largest].into_iter()) - top).abs() < 1e-9, "{largest}");
        }
        assert!((at_the_top([f64::INFINITY].into_iter()) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn bars_stand_on_each_other() {
        let chart = plan(&[&[Some(1.0), None], &[Some(1.0), Some(2.0)]]).bars();
        assert_eq!(chart.top, "2.0 %");
        assert_eq!(chart.shapes[0].path, "M75.0 100.0v-50.0h350.0v50.0z");
        assert_eq!(chart.shapes[1].path, "M75.0 50.0v-50.0h350.0v50.0zM575.0 100.0v-100.0h350.0v100.0z");
        assert_eq!((chart.first.as_str(), chart.last.as_str()), ("day 1", "day 2"));
        assert_eq!(
            (chart.rows[0].day.as_str(), &chart.rows[0].values[..]),
            ("day 2", &["–".into(), "2.0 %".into()][..])
        );
    }

    #[test]
    fn a_line_is_broken_where_nothing_is_known() {
        let chart = plan(&[&[Some(1.0), Some(0.0), None, Some(0.5), None]]).lines();
        assert_eq!((&chart.shapes[0].path[..], &chart.shapes[0].dots[..]), ("M0.0 0.0L250.0 100.0", "M750.0 50.0h0"));
        let lone = plan(&[&[None, Some(1.0)]]).lines();
        assert_eq!((&lone.shapes[0].path[..], &lone.shapes[0].dots[..]), ("", "M1000.0 0.0h0"));
    }

    #[test]
    fn nothing_to_draw_is_no_fault() {
        for values in [&[][..], &[None][..]] {
            let (bars, lines) = (plan(&[values]).bars(), plan(&[values]).lines());
            assert!(bars.shapes[0].path.is_empty() && lines.shapes[0].path.is_empty());
        }
    }
}
