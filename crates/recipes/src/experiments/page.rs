//! The experiments' page, and their numbers as a file.

use std::path::{Path, PathBuf};

use wardrobe_training::report::Report;

use super::finding::Finding;
use super::plan::Experiments;
use super::{FINDINGS, REPORT, seed_folder};
use crate::error::RecipeError;
use crate::json;

/// Writes both; the page's path.
pub(super) fn write(
    experiments: &Experiments,
    findings: &[Finding],
    folder: &Path,
) -> Result<PathBuf, RecipeError> {
    json::write(&folder.join(FINDINGS), &findings)?;
    let mut report = Report::new("Experiments").with_text(&format!(
        "{} runs with each of {} seeds. Scores are in per cent, the mean over seeds ± its standard \
         deviation; differences are taken seed by seed. A claim holds where no seed contradicts, and is \
         open where some do but the mean is on its side.",
        experiments.members.len(),
        experiments.seeds.len(),
    ));
    for finding in findings {
        report = report.with_text(&finding.claim.source);
        report = finding.table().on(report);
    }
    for &seed in &experiments.seeds {
        let own = seed_folder(Path::new(""), seed);
        let links: Vec<(&str, String)> = experiments
            .members
            .iter()
            .map(|member| {
                let page = own.join(&member.name).join("report.html");
                (member.name.as_str(), page.display().to_string())
            })
            .collect();
        report = report.with_links(&format!("The runs of seed {seed}"), &links);
    }
    let path = folder.join(REPORT);
    report.write(&path)?;
    Ok(path)
}
