//! Tables of texts, for terminals and pages.

use std::fmt;

use wardrobe_training::report::Report;

/// A table of texts; the first column names the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Above it.
    pub title: String,
    /// The columns' names.
    pub header: Vec<String>,
    /// As many cells a row as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// In columns for a terminal: the first flush left, the others right.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let width = |column: usize| {
            let cells = all().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        writeln!(f, "{}", self.title)?;
        for row in all() {
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                if column == 0 {
                    write!(f, "  {cell:<width$}")?;
                } else {
                    write!(f, "  {cell:>width$}")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl Table {
    /// Puts it on a page.
    #[must_use]
    pub fn on(&self, report: Report) -> Report {
        let header: Vec<&str> = self.header.iter().map(String::as_str).collect();
        report.with_table(&self.title, &header, &self.rows)
    }
}

/// A header whose first column is called `first`.
pub(crate) fn header(first: &str, columns: &[&str]) -> Vec<String> {
    let all = std::iter::once(&first).chain(columns);
    all.map(|name| (*name).to_owned()).collect()
}

/// `61.3`, or a dash for what is not defined.
pub(crate) fn per_cent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".into(), |share| format!("{:.1}", 100.0 * share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let table = Table {
            title: "Table".into(),
            header: row(["detector", "AP"]),
            rows: vec![row(["a", "61.25"]), row(["b", "–"])],
        };
        assert_eq!(
            table.to_string(),
            "Table\n  detector     AP\n  a         61.25\n  b             –\n"
        );
    }
}
