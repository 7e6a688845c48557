//! Lines through what was measured.

/// A straight line: `start + slope * x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Where it is at 0.
    pub start: f64,
    /// How much it rises for each 1.
    pub slope: f64,
}

/// The line with the least squares to these points; `None` where they do not make one.
pub fn line(points: impl IntoIterator<Item = (f64, f64)>) -> Option<Line> {
    let points: Vec<(f64, f64)> = points.into_iter().collect();
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let (mut together, mut alone) = (0.0, 0.0);
    for (x, y) in &points {
        together += (x - mean_x) * (y - mean_y);
        alone += (x - mean_x) * (x - mean_x);
    }
    // Also where there are no points: nothing divided by nothing.
    (alone > 0.0).then(|| {
        let slope = together / alone;
        Line {
            start: mean_y - slope * mean_x,
            slope,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_points_that_are_on_one() {
        let found = line([(0.0, 3.0), (10.0, 8.0), (30.0, 18.0)]).unwrap();
        assert!(
            (found.start - 3.0).abs() < 1e-9 && (found.slope - 0.5).abs() < 1e-9,
            "{found:?}"
        );
    }

    #[test]
    fn a_line_goes_between_points_that_are_not() {
        let found = line([(0.0, 1.0), (0.0, 3.0), (2.0, 5.0), (2.0, 7.0)]).unwrap();
        assert!(
            (found.start - 2.0).abs() < 1e-9 && (found.slope - 2.0).abs() < 1e-9,
            "{found:?}"
        );
    }

    #[test]
    fn one_place_makes_no_line() {
        assert_eq!(line([]), None);
        assert_eq!(line([(1.0, 1.0), (1.0, 2.0)]), None);
    }
}
