//! Charts: shapes for an inline SVG, the same in words, and the numbers as a table.
//!
//! A drawing is 1000 units wide and 100 high, is stretched to its place, and holds no text, so that it can be read on a
//! narrow screen; the texts around it are the template's.

use std::fmt::Write as _;

use serde::Serialize;

use super::amounts::grouped;

/// The size of the drawing in its own units; the template has the same numbers.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 100.0;
/// Most days that are named under a drawing.
const MOST_TICKS: usize = 5;

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
    /// Its name within the page.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What it shows, for those who do not see it.
    pub alternative: String,
    /// The numbers beside it, with their unit: the highest first.
    pub scale: Vec<String>,
    /// The lines behind it, at the numbers of the scale and at the days that are named.
    pub grid: String,
    /// What is drawn, the first at the bottom.
    pub shapes: Vec<Shape>,
    /// The days, first to last.
    pub days: Vec<DayShown>,
    /// The numbers, newest day first.
    pub rows: Vec<Row>,
}

/// A column over the drawing.
#[derive(Clone, Debug, Serialize)]
pub struct DayShown {
    /// The day with its numbers.
    pub text: String,
    /// Month and day, where it is named under the drawing.
    pub tick: Option<String>,
}

/// One series as it is drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// Its class.
    pub class: &'static str,
    /// Whether it is filled with stripes, so that it is known without its color.
    pub striped: bool,
    /// The path.
    pub path: String,
    /// Numbers of a line that stand alone and would be too small to be seen, as steps of no length: with round ends
    /// they are dots.
    pub dots: String,
}

impl Chart {
    /// A chart with something in every part, to try templates with.
    pub fn sample() -> Self {
        let values = vec![Some(1.0), None];
        let series = vec![
            Series { name: "sample", class: "good line", values: values.clone() },
            Series { name: "other", class: "bad", values },
        ];
        let days = vec!["2026-01-01".to_owned(), "2026-01-02".to_owned()];
        Plan { id: "sample", title: "Sample", unit: "", digits: 0, days, series, alternative: "A sample".to_owned() }
            .bars()
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
    /// Its name within the page.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What stands behind each number, such as `%`.
    pub unit: &'static str,
    /// Digits behind the point.
    pub digits: usize,
    /// The days, first to last, as `2026-01-31`.
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
        let top = at_the_top(sums, self.digits);
        let step = self.step();
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
            shapes.push(shape(series, path, String::new()));
        }
        self.chart(top, shapes)
    }

    /// A chart of lines. A line is broken where a number is not known.
    pub fn lines(self) -> Chart {
        let top =
            at_the_top(self.series.iter().flat_map(|series| series.values.iter().flatten().copied()), self.digits);
        let step = self.step();
        let line = |series: &Series| {
            let (mut path, mut dots) = (String::new(), String::new());
            let known = |day: usize| value(series, day).is_some();
            for day in 0..self.days.len() {
                let Some(value) = value(series, day) else { continue };
                let (x, y) = (step * (day as f64 + 0.5), HEIGHT * (1.0 - value / top));
                let goes_on = day > 0 && known(day - 1);
                // Writing to a text cannot fail.
                let _ = match (goes_on, known(day + 1)) {
                    (true, _) => write!(path, "L{x:.1} {y:.1}"),
                    (false, true) => write!(path, "M{x:.1} {y:.1}"),
                    (false, false) => write!(dots, "M{x:.1} {y:.1}h0"),
                };
            }
            shape(series, path, dots)
        };
        let shapes = self.series.iter().map(line).collect();
        self.chart(top, shapes)
    }

    /// The width of a day.
    fn step(&self) -> f64 {
        WIDTH / self.days.len().max(1) as f64
    }

    fn chart(self, top: f64, shapes: Vec<Shape>) -> Chart {
        let show = |value: Option<f64>| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{}{}", self.number(value), self.unit))
        };
        let values = |day: usize| self.series.iter().map(move |series| (series.name, show(value(series, day))));
        let row = |(day, name): (usize, &String)| Row {
            day: name.clone(),
            values: values(day).map(|(_, value)| value).collect(),
        };
        let ticks = ticks(self.days.len());
        let shown = |(day, name): (usize, &String)| DayShown {
            text: format!(
                "{name}: {}",
                values(day).map(|(name, value)| format!("{value} {name}")).collect::<Vec<_>>().join(", ")
            ),
            tick: ticks.contains(&day).then(|| name.split_once('-').map_or(name.as_str(), |(_, rest)| rest).to_owned()),
        };
        let middle = HEIGHT / 2.0;
        let mut grid = format!("M0 0H{WIDTH}M0 {middle}H{WIDTH}M0 {HEIGHT}H{WIDTH}");
        for day in &ticks {
            // Writing to a text cannot fail.
            let _ = write!(grid, "M{:.1} 0V{HEIGHT}", self.step() * (*day as f64 + 0.5));
        }
        Chart {
            id: self.id,
            title: self.title,
            scale: [top, top / 2.0, 0.0].map(|value| show(Some(value))).into(),
            grid,
            shapes,
            days: self.days.iter().enumerate().map(shown).collect(),
            rows: self.days.iter().enumerate().rev().map(row).collect(),
            alternative: self.alternative,
        }
    }

    fn number(&self, value: f64) -> String {
        grouped(&format!("{value:.*}", self.digits))
    }
}

fn shape(series: &Series, path: String, dots: String) -> Shape {
    Shape { name: series.name, class: series.class, striped: series.class == "bad", path, dots }
}

/// Which of so many days are named: the last, and others at equal distances, five in all at most.
fn ticks(days: usize) -> Vec<usize> {
    let Some(last) = days.checked_sub(1) else { return Vec::new() };
    let step = (1..).find(|step| last / step < MOST_TICKS).unwrap_or(1);
    (0..=last).rev().step_by(step).collect()
}

fn value(series: &Series, day: usize) -> Option<f64> {
    series.values.get(day).copied().flatten()
}

/// A round number at least as large as all values: 1, 2, 4, 6 or 8 times a power of ten, an even one where there are no digits
/// behind the point, so that half of it is no fraction.
fn at_the_top(values: impl Iterator<Item = f64>, digits: usize) -> f64 {
    let least: f64 = if digits == 0 { 2.0 } else { 0.0 };
    let largest = values.fold(least, f64::max);
    if !largest.is_finite() || largest <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(largest.log10().floor());
    [1.0, 2.0, 4.0, 6.0, 8.0, 10.0].into_iter().map(|step| step * power).find(|top| *top >= largest).unwrap_or(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(values: &[&[Option<f64>]]) -> Plan {
        let series =
            |(n, values): (usize, &&[Option<f64>])| Series { name: ["a", "b"][n], class: "x", values: values.to_vec() };
        Plan {
            id: "c",
            title: "t",
            unit: "%",
            digits: 1,
            days: (1..=values[0].len()).map(|day| format!("2026-01-{day:02}")).collect(),
            series: values.iter().enumerate().map(series).collect(),
            alternative: String::new(),
        }
    }

    #[test]
    fn the_upper_edge_is_a_round_number_whose_half_is_no_fraction_of_a_count() {
        for (largest, digits, top) in [
            (0.0, 1, 1.0),
            (0.0, 0, 2.0),
            (1.0, 0, 2.0),
            (3.0, 0, 4.0),
            (7.0, 0, 8.0),
            (10.0, 0, 10.0),
            (1_234.0, 0, 2_000.0),
            (0.034, 2, 0.04),
        ] {
            assert!((at_the_top([largest].into_iter(), digits) - top).abs() < 1e-9, "{largest}");
        }
        assert!((at_the_top([f64::INFINITY].into_iter(), 0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn three_to_five_days_are_named_and_the_last_always() {
        assert_eq!((ticks(0), ticks(1), ticks(2)), (vec![], vec![0], vec![1, 0]));
        assert_eq!(ticks(30), [29, 23, 17, 11, 5]);
        for days in 3..=400 {
            let named = ticks(days);
            assert!((3..=5).contains(&named.len()) && named[0] == days - 1, "{days}: {named:?}");
        }
    }

    #[test]
    fn each_day_has_its_numbers_in_words_and_some_are_named() {
        let chart = plan(&[&[Some(1.0), Some(1234.0), None]]).lines();
        let texts: Vec<_> = chart.days.iter().map(|day| day.text.as_str()).collect();
        assert_eq!(texts, ["2026-01-01: 1.0% a", "2026-01-02: 1,234.0% a", "2026-01-03: – a"]);
        assert_eq!(chart.days[2].tick.as_deref(), Some("01-03"));
        assert_eq!(chart.scale, ["2,000.0%", "1,000.0%", "0.0%"]);
        assert!(chart.grid.ends_with("M833.3 0V100M500.0 0V100M166.7 0V100"), "{}", chart.grid);
    }

    #[test]
    fn bars_stand_on_each_other() {
        let chart = plan(&[&[Some(1.0), None], &[Some(1.0), Some(2.0)]]).bars();
        assert_eq!(chart.scale[0], "2.0%");
        assert_eq!(chart.shapes[0].path, "M75.0 100.0v-50.0h350.0v50.0z");
        assert_eq!(chart.shapes[1].path, "M75.0 50.0v-50.0h350.0v50.0zM575.0 100.0v-100.0h350.0v100.0z");
        assert_eq!(
            (chart.rows[0].day.as_str(), &chart.rows[0].values[..]),
            ("2026-01-02", &["–".into(), "2.0%".into()][..])
        );
    }

    #[test]
    fn what_is_bad_is_striped() {
        let series = |class| Series { name: "a", class, values: vec![Some(1.0)] };
        let plan = Plan { series: vec![series("good"), series("bad")], ..plan(&[&[None]]) };
        assert_eq!(plan.bars().shapes.iter().map(|shape| shape.striped).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_line_goes_through_the_middles_of_days_and_is_broken_where_nothing_is_known() {
        let chart = plan(&[&[Some(1.0), Some(0.0), None, Some(0.5), None]]).lines();
        assert_eq!((&chart.shapes[0].path[..], &chart.shapes[0].dots[..]), ("M100.0 0.0L300.0 100.0", "M700.0 50.0h0"));
        let lone = plan(&[&[None, Some(1.0)]]).lines();
        assert_eq!((&lone.shapes[0].path[..], &lone.shapes[0].dots[..]), ("", "M750.0 0.0h0"));
    }

    #[test]
    fn nothing_to_draw_is_no_fault() {
        for values in [&[][..], &[None][..]] {
            let (bars, lines) = (plan(&[values]).bars(), plan(&[values]).lines());
            assert!(bars.shapes[0].path.is_empty() && lines.shapes[0].path.is_empty());
        }
    }
}
