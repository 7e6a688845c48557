//! Lines over one axis, as SVG that is legible on light and on dark pages: it brings a white ground.

use std::ops::Range;

use anyhow::{anyhow, ensure};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;

use crate::table::grouped;

/// Places on the axis are evenly spread.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) title: String,
    pub(super) over: String,
    pub(super) unit: String,
    pub(super) logarithmic: bool,
    pub(super) at: Vec<String>,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    /// The index of the place, and the figure.
    pub(super) points: Vec<(usize, f64)>,
    /// A second figure of the same thing.
    pub(super) dashed: Vec<(usize, f64)>,
}

const SIZE: (u32, u32) = (760, 420);
/// Told apart also by those who see few colours.
const COLOURS: [RGBColor; 4] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(117, 79, 160),
];

impl Plot {
    pub(super) fn svg(&self) -> anyhow::Result<String> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            area.fill(&WHITE).map_err(|error| anyhow!("{error}"))?;
            let range = self.range()?;
            let drawn = if self.logarithmic {
                self.draw(&area, range.log_scale())
            } else {
                self.draw(&area, range)
            };
            drawn.map_err(|error| anyhow!("{error}"))?;
            area.present().map_err(|error| anyhow!("{error}"))?;
        }
        Ok(svg)
    }

    /// From zero, or in whole decades.
    fn range(&self) -> anyhow::Result<Range<f64>> {
        let lines = self.lines.iter();
        let figures = lines.flat_map(|line| line.points.iter().chain(&line.dashed));
        let figures: Vec<f64> = figures
            .map(|(_, figure)| *figure)
            .filter(|figure| figure.is_finite() && (*figure > 0.0 || !self.logarithmic))
            .collect();
        ensure!(!figures.is_empty(), "there is nothing to draw");
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let most = figures.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        Ok(if self.logarithmic {
            10_f64.powf(least.log10().floor())..10_f64.powf(most.log10().ceil())
        } else {
            0.0..most * 1.15
        })
    }

    fn draw<'a, Y>(
        &self,
        area: &DrawingArea<SVGBackend<'a>, Shift>,
        range: Y,
    ) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>
    where
        Y: AsRangedCoord<Value = f64>,
        Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let last = self.at.len().saturating_sub(1) as f64;
        // Room for the legend.
        let end = last + 0.25 + (last + 0.5) * 0.27;
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, ("sans-serif", 18).into_font().color(&BLACK))
            .margin(12)
            .x_label_area_size(46)
            .y_label_area_size(76)
            .build_cartesian_2d(-0.25..end, range)?;
        let place = |x: &f64| {
            // Only at the places themselves.
            let near = (x - x.round()).abs() < 1e-6 && *x >= -1e-6;
            let label = near.then(|| self.at.get(x.round() as usize)).flatten();
            label.cloned().unwrap_or_default()
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(self.at.len() * 2)
            .x_label_formatter(&place)
            .y_labels(8)
            .y_label_formatter(&figure)
            .x_desc(&self.over)
            .y_desc(&self.unit)
            .axis_style(BLACK)
            .bold_line_style(BLACK.mix(0.15))
            .light_line_style(BLACK.mix(0.05))
            .label_style(("sans-serif", 14).into_font().color(&BLACK))
            .axis_desc_style(("sans-serif", 14).into_font().color(&BLACK))
            .draw()?;
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle().copied()) {
            let on_axis = |points: &[(usize, f64)]| -> Vec<(f64, f64)> {
                points
                    .iter()
                    .map(|(at, figure)| (*at as f64, *figure))
                    .collect()
            };
            let points = on_axis(&line.points);
            chart
                .draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?
                .label(&line.name)
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(3))
                });
            chart.draw_series(
                points
                    .iter()
                    .map(|point| Circle::new(*point, 4, colour.filled())),
            )?;
            if !line.dashed.is_empty() {
                let points = on_axis(&line.dashed);
                chart.draw_series(DashedLineSeries::new(points, 6, 4, colour.stroke_width(2)))?;
            }
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE)
            .border_style(BLACK.mix(0.3))
            .label_font(("sans-serif", 14).into_font().color(&BLACK))
            .draw()
    }
}

fn figure(value: &f64) -> String {
    match *value {
        value if value >= 10.0 => grouped(value),
        value if value == value.round() => format!("{value:.0}"),
        value => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(logarithmic: bool) -> Plot {
        Plot {
            title: "Rate, 128 B".to_owned(),
            over: "calls in flight".to_owned(),
            unit: "calls a second".to_owned(),
            logarithmic,
            at: ["one", "many"].map(str::to_owned).to_vec(),
            lines: vec![Line {
                name: "kafka-rpc".to_owned(),
                points: vec![(0, 2_000.0), (1, 60_000.0)],
                dashed: vec![(0, 3_000.0)],
            }],
        }
    }

    #[test]
    fn axes_places_and_lines_are_labelled() {
        for logarithmic in [false, true] {
            let svg = plot(logarithmic).svg().unwrap();
            for text in [
                "Rate, 128 B",
                "calls in flight",
                "calls a second",
                "one",
                "many",
                "kafka-rpc",
            ] {
                assert!(svg.contains(&format!("\n{text}\n")), "{text}: {svg}");
            }
            assert!(svg.contains("#FFFFFF"), "it brings its ground");
        }
    }

    #[test]
    fn nothing_is_not_drawn() {
        let mut plot = plot(true);
        plot.lines[0].points = vec![(0, 0.0), (1, f64::NAN)];
        plot.lines[0].dashed.clear();
        assert!(plot.svg().is_err());
    }
}
