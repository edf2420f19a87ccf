//! `mainstay bench chart`: how costs grow with the size of a store.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use plotters::prelude::*;
use serde::Deserialize;

use super::super::output::say;
use crate::Failure;

/// Draw how costs grow with the size of a store, as SVG on standard output.
///
/// The file is what ops/growth.sh writes: `engine,work,tickets,p50_ms,p99_ms`, a line for each engine, work and size. Both axes are
/// logarithmic: a level line costs the same at any size, and one that climbs like the grid's diagonal costs as much as there is.
#[derive(Debug, Args)]
pub struct Chart {
    /// What was measured, as CSV
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    engine: String,
    work: String,
    tickets: u32,
    /// In how many milliseconds half of the requests were answered; of a due clock, how long one takes.
    p50_ms: f64,
    #[serde(rename = "p99_ms")]
    _p99_ms: Option<f64>,
}

/// The lines of each engine: work to its points.
type Engines = BTreeMap<String, BTreeMap<String, Vec<(u32, f64)>>>;

const WIDTH: u32 = 1000;
const HEIGHT: u32 = 440;

/// How wide the explanation of the colours is.
const LEGEND: u32 = 100;

/// Told apart also by those who see no red and green (Okabe and Ito).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(90, 90, 90),
];

impl Chart {
    /// Runs the command.
    ///
    /// # Errors
    /// Says which line of the file cannot be read.
    pub fn run(self) -> Result<(), Failure> {
        let name = self.file.display();
        let text = std::fs::read_to_string(&self.file)
            .map_err(|error| Failure::new(format!("{name}: {error}")))?;
        let engines = read(&text).map_err(|what| {
            Failure::new(format!("{name}: {what}")).with_remedy(
                "give the file that ops/growth.sh writes: engine,work,tickets,p50_ms,p99_ms",
            )
        })?;
        say(draw(&engines)
            .map_err(|error| Failure::new(format!("nothing can be drawn: {error}")))?)
    }
}

fn read(text: &str) -> Result<Engines, String> {
    let mut engines = Engines::new();
    for (row, line) in csv::Reader::from_reader(text.as_bytes())
        .deserialize::<Measured>()
        .enumerate()
    {
        let line = line.map_err(|error| error.to_string())?;
        if line.tickets == 0 || !line.p50_ms.is_finite() || line.p50_ms <= 0.0 {
            let number = row + 2;
            return Err(format!(
                "line {number}: tickets and p50_ms must be greater than zero"
            ));
        }
        let of = engines.entry(line.engine).or_default();
        let points = of.entry(line.work).or_default();
        points.push((line.tickets, line.p50_ms));
        points.sort_unstable_by_key(|(tickets, _)| *tickets);
    }
    if engines.is_empty() {
        return Err("there is no line in it".to_owned());
    }
    Ok(engines)
}

/// The whole decades around some values.
fn decades(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (least, most) = values.fold((f64::MAX, f64::MIN), |(least, most), value| {
        (least.min(value), most.max(value))
    });
    let from = 10_f64.powf(least.log10().floor());
    let until = 10_f64.powf(most.log10().ceil());
    (from, if until > from { until } else { from * 10.0 })
}

fn draw(engines: &Engines) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        area.fill(&WHITE)?;
        let (charts, legend) = area.split_horizontally(WIDTH - LEGEND);
        let works: BTreeSet<&String> = engines.values().flat_map(BTreeMap::keys).collect();
        let colours: BTreeMap<&String, RGBColor> =
            works.into_iter().zip(COLOURS.into_iter().cycle()).collect();
        let points = || engines.values().flat_map(BTreeMap::values).flatten();
        let sizes = decades(points().map(|(tickets, _)| f64::from(*tickets)));
        let costs = decades(points().map(|(_, millis)| *millis));
        let panels = charts.split_evenly((1, engines.len()));
        for (panel, (engine, lines)) in panels.iter().zip(engines) {
            let mut chart = ChartBuilder::on(panel)
                .caption(engine, ("sans-serif", 20))
                .margin(14)
                .x_label_area_size(42)
                .y_label_area_size(64)
                .build_cartesian_2d(
                    (sizes.0..sizes.1).log_scale(),
                    (costs.0..costs.1).log_scale(),
                )?;
            chart
                .configure_mesh()
                .x_desc("tickets in the store")
                .y_desc("milliseconds, half of all within")
                .x_label_formatter(&|tickets| decade(*tickets, grouped))
                .y_label_formatter(&|millis| decade(*millis, |millis| millis.to_string()))
                .light_line_style(RGBColor(244, 244, 244))
                .draw()?;
            for (work, points) in lines {
                let points = points.iter();
                let points = points.map(|(tickets, millis)| (f64::from(*tickets), *millis));
                let style = colours[work].stroke_width(2);
                chart.draw_series(LineSeries::new(points, style).point_size(3))?;
            }
        }
        for ((work, colour), y) in colours.into_iter().zip((60..).step_by(22)) {
            legend.draw(&PathElement::new([(4, y), (24, y)], colour.stroke_width(2)))?;
            legend.draw(&Text::new(work.clone(), (32, y - 6), ("sans-serif", 14)))?;
        }
        area.present()?;
    }
    Ok(svg)
}

/// What is written beside a line of the grid: whole decades alone have room for it.
fn decade(value: f64, write: impl Fn(f64) -> String) -> String {
    let power = value.log10();
    if (power - power.round()).abs() < 1e-6 {
        write(value)
    } else {
        String::new()
    }
}

/// A number with commas between its thousands.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEASURED: &str = "engine,work,tickets,p50_ms,p99_ms\n\
        sqlite,read,1000000,0.9,1.4\nsqlite,read,10000,0.5,0.8\nsqlite,due,10000,0.2,\npostgres,read,10000,0.7,1\n";

    #[test]
    fn each_engine_has_a_panel_and_each_work_a_line_from_small_to_large() {
        let engines = read(MEASURED).unwrap();
        assert_eq!(engines["sqlite"]["read"], [(10_000, 0.5), (1_000_000, 0.9)]);
        let svg = draw(&engines).unwrap();
        assert!(svg.starts_with("<svg "), "{svg}");
        for text in ["sqlite", "postgres", "1,000,000", "tickets in the store"] {
            assert!(svg.contains(text), "{text} is missing:\n{svg}");
        }
        assert_eq!(
            svg.matches("<circle").count(),
            4,
            "a mark for each line:
{svg}"
        );
        assert!(!svg.contains("2,000,000"), "{svg}");
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        for (text, said) in [
            ("engine,work,tickets,p50_ms,p99_ms\n", "there is no line"),
            (
                "engine,work,tickets,p50_ms,p99_ms\nsqlite,read,0,1,1\n",
                "line 2: tickets",
            ),
            (
                "engine,work,tickets,p50_ms,p99_ms\nsqlite,read,ten,1,1\n",
                "line: 2",
            ),
            ("engine,tickets\n", "there is no line"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn axes_begin_and_end_at_whole_decades() {
        assert_eq!(decades([0.3, 40.0].into_iter()), (0.1, 100.0));
        assert_eq!(decades([10.0].into_iter()), (10.0, 100.0));
        assert_eq!(grouped(1_000_000.0), "1,000,000");
    }
}
