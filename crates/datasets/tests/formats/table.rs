//! The README's table of formats against what the writers go by.

use wardrobe_datasets::formats::{Format, Holds, Masks};

/// A column's heading, and whether a format holds it.
type Column = (&'static str, fn(&Holds) -> bool);

const COLUMNS: [Column; 7] = [
    ("boxes", |holds| holds.boxes),
    ("masks", |holds| holds.masks != Masks::None),
    ("landmarks", |holds| holds.landmarks),
    ("parsing maps", |holds| holds.parsing),
    ("categories", |holds| holds.categories),
    ("attributes", |holds| holds.attributes),
    ("parts", |holds| holds.splits),
];

#[test]
fn the_readme_says_what_the_formats_hold() {
    let readme = include_str!("../../README.md");
    let cells = |line: &'static str| -> Vec<&'static str> {
        let inside = line.trim().trim_matches('|');
        inside.split('|').map(str::trim).collect()
    };
    let mut lines = readme
        .lines()
        .skip_while(|line| !line.starts_with("| format |"));
    let head = cells(lines.next().unwrap());
    assert_eq!(head[1..], COLUMNS.map(|(heading, _)| heading));
    let rows: Vec<_> = lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect();
    let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(names, Format::ALL.map(Format::name));
    for (format, row) in Format::ALL.into_iter().zip(rows) {
        let holds = format.holds();
        for ((heading, held), cell) in COLUMNS.iter().zip(&row[1..]) {
            let said = *cell != "–";
            assert_eq!(said, held(&holds), "{format}, {heading}: `{cell}`");
        }
        let pixels = row[2].contains("pixels") || row[2].contains("run lengths");
        assert_eq!(pixels, holds.masks == Masks::All, "{format}: `{}`", row[2]);
    }
}
