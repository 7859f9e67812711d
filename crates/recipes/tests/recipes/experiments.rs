//! Experiments: every member with every seed, readings of one detector, other seeds added later.

use std::path::Path;

use wardrobe_kernels::device::test_device;
use wardrobe_recipes::detection::{Architecture, DetectorModel};
use wardrobe_recipes::evaluation::DetectorCheckpoint;
use wardrobe_recipes::experiments::{
    Claim, Experiments, FINDINGS, Finished, Member, MemberRecipe, Notice, Reading,
};
use wardrobe_recipes::{Notice as RunNotice, RecipeError};
use wardrobe_rpn_roi::config::{IouHeadConfig, Suppression};
use wardrobe_training::{Event, Flow};

#[cfg(unix)]
use crate::support::not_utf8;
use crate::support::{classifier, detector, pictures};

/// A classifier, a detector from its body and one with an IoU head, two steps each.
fn experiments(seeds: &[u64]) -> Experiments {
    let faster = detector("faster-rcnn-miniature", 2);
    let mut judging = faster.clone();
    let heads = judging.model.roi_heads_mut().unwrap();
    heads.iou_head = Some(IouHeadConfig {
        features: 8,
        ..IouHeadConfig::new(1)
    });
    let claim = |better, worse, score: &str| Claim {
        title: "one is better".into(),
        source: "nobody".into(),
        better,
        worse,
        scores: vec![score.into()],
    };
    let guided = Reading {
        suppression: Some(Suppression::IouGuided),
        ..Reading::of("judging")
    };
    Experiments {
        seeds: seeds.to_vec(),
        members: vec![
            Member::classifier("clothnet", classifier("clothnet-miniature", 2)),
            Member::detector("faster", faster).with_body("clothnet"),
            Member::detector("judging", judging),
        ],
        test: pictures(200, 4),
        claims: vec![
            claim(guided, Reading::of("judging"), "box_AP90"),
            claim(
                Reading::of("judging"),
                Reading::of("faster"),
                "box_mean_accuracy",
            ),
        ],
    }
}

/// Carries them out; also how many steps were trained.
fn run(experiments: &Experiments, folder: &Path) -> (Finished, usize) {
    let mut steps = 0;
    let mut count = |notice: Notice<'_>| {
        let step = matches!(
            notice,
            Notice::Training(RunNotice::Event(Event::StepDone(_)))
        );
        steps += usize::from(step);
        Flow::Continue
    };
    let finished = experiments.run(&test_device(), folder, &mut count);
    (finished.unwrap().unwrap(), steps)
}

#[test]
fn seeds_are_added_to_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let (_, steps) = run(&experiments(&[7]), folder.path());
    // Three members of two steps.
    assert_eq!(steps, 6);
    let (finished, steps) = run(&experiments(&[7, 8]), folder.path());
    assert_eq!(steps, 6);

    let [guided, plain] = &finished.findings[..] else {
        panic!("two claims have two findings");
    };
    assert_eq!(guided.scores[0].better.len(), 2);
    // What is found is what the run's own checkpoint scores.
    let scored = |seed: &str| {
        let run = folder.path().join(seed).join("judging");
        let checkpoint = DetectorCheckpoint::of_run(run, &test_device()).unwrap();
        let pictures = checkpoint.open(&pictures(200, 4), false).unwrap();
        let tally = checkpoint.evaluate(&pictures, &mut |_| Ok(Flow::Continue));
        tally.unwrap().scores().get("box_mean_accuracy").unwrap()
    };
    assert_eq!(plain.scores[0].better, [scored("seed-7"), scored("seed-8")]);
    assert!(finished.report.is_file());
    let numbers = std::fs::read_to_string(folder.path().join(FINDINGS)).unwrap();
    assert!(numbers.contains("box_AP90"), "{numbers}");
}

#[test]
fn a_listener_stops_them_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let one = experiments(&[7]);
    let mut steps = 0;
    let mut stop_training = |notice: Notice<'_>| {
        let step = matches!(
            notice,
            Notice::Training(RunNotice::Event(Event::StepDone(_)))
        );
        steps += usize::from(step);
        if steps == 3 {
            Flow::Stop
        } else {
            Flow::Continue
        }
    };
    let stopped = one.run(&test_device(), folder.path(), &mut stop_training);
    assert!(stopped.unwrap().is_none());
    let mut stop_scoring = |notice: Notice<'_>| match notice {
        Notice::Scoring { done: 2, .. } => Flow::Stop,
        _ => Flow::Continue,
    };
    let stopped = one.run(&test_device(), folder.path(), &mut stop_scoring);
    assert!(stopped.unwrap().is_none());
    assert_eq!(run(&one, folder.path()).1, 0);
}

fn refused(experiments: &Experiments) -> String {
    let error: RecipeError = experiments.validate().unwrap_err();
    error.to_string()
}

#[test]
fn what_cannot_be_meant_is_said_before_training() {
    experiments(&[7]).validate().unwrap();
    assert_eq!(
        refused(&experiments(&[7, 7])),
        "seeds: found [7, 7]; give seeds that differ"
    );

    let mut twice = experiments(&[7]);
    twice.members[2].name = "faster".into();
    assert!(refused(&twice).starts_with("members[2].name: found faster;"));

    let mut later = experiments(&[7]);
    later.members.swap(0, 1);
    assert!(refused(&later).starts_with("members[0].body: found clothnet;"));

    let mut unknown = experiments(&[7]);
    unknown.claims[0].worse.member = "clothnet".into();
    assert!(refused(&unknown).starts_with("claims[0].worse.member: found clothnet;"));

    let mut headless = experiments(&[7]);
    let MemberRecipe::Detector(recipe) = &mut headless.members[2].recipe else {
        panic!("the third member is a detector");
    };
    let DetectorModel::FasterRcnn(config) = &mut recipe.model else {
        panic!("it is a Faster R-CNN");
    };
    config.roi_heads.iou_head = None;
    assert!(refused(&headless).contains("judging, IoU-guided; only a detector with an IoU head"));
}

#[test]
fn a_score_that_is_not_given_is_named_with_those_there_are() {
    let boxes = "box_AP, box_AP50, box_AP75, box_AP90, box_mean_accuracy, box_mean_IoU";
    let mut wrong = experiments(&[7]);
    wrong.claims[1].scores = vec!["box_AP".into(), "mask_AP".into()];
    assert_eq!(
        refused(&wrong),
        format!("claims[1].scores[1]: found mask_AP; judging has {boxes}")
    );

    // Of two readings both must give it.
    let mask = Member::detector("mask", detector("mask-rcnn-miniature", 2));
    wrong.members.push(mask);
    wrong.claims[1].better = Reading::of("mask");
    assert_eq!(
        refused(&wrong),
        format!("claims[1].scores[1]: found mask_AP; faster has {boxes}")
    );
    wrong.claims[1].worse = Reading::of("mask");
    wrong.validate().unwrap();

    // A network that is only named gives what its numbers would.
    let MemberRecipe::Detector(recipe) = &mut wrong.members[3].recipe else {
        panic!("the fourth member is a detector");
    };
    recipe.model = DetectorModel::Preset(Architecture::MaskRcnnResNet50Fpn);
    wrong.validate().unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_that_settings_cannot_name_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join(not_utf8());
    let error = experiments(&[7]).run(&test_device(), &out, &mut |_: Notice<'_>| {
        panic!("no run may begin")
    });
    let message = error.unwrap_err().to_string();
    assert!(
        message.starts_with("folder: found ") && message.contains("give a path in UTF-8"),
        "{message}"
    );
}

#[test]
fn papers_claims_are_valid_experiments() {
    let experiments = Experiments::default();
    experiments.validate().unwrap();
    assert!(experiments.seeds.len() >= 3);
    let text = serde_json::to_string(&experiments).unwrap();
    let again: Experiments = serde_json::from_str(&text).unwrap();
    assert_eq!(again, experiments);
}
