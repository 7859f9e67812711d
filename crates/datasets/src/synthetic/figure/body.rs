//! Where proportions and a pose put joints and contours.

use super::super::geometry::{P2, p, smooth_step, table};
use super::pose::{Build, Pose, Side};

/// A build in a pose.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// The proportions.
    pub build: Build,
    /// The pose.
    pub pose: Pose,
    /// Shoulder joints, left and right.
    pub shoulder: [P2; 2],
    /// Elbows.
    pub elbow: [P2; 2],
    /// Wrists.
    pub wrist: [P2; 2],
    /// Hip joints.
    pub hip: [P2; 2],
    /// Knees.
    pub knee: [P2; 2],
    /// Ankles.
    pub ankle: [P2; 2],
}

/// Half width of the torso by height: neck, shoulders, armpits, waist, hips.
const TORSO: [(f32, f32); 9] = [
    (1.2, 0.21),
    (1.4, 0.32),
    (1.6, 0.80),
    (2.05, 0.74),
    (2.4, 0.70),
    (2.9, 0.59),
    (3.3, 0.68),
    (3.75, 0.79),
    (4.1, 0.80),
];

/// Height of the waist.
pub const WAIST: f32 = 2.9;
/// Height of the hips.
pub const HIPS: f32 = 3.75;
/// Height at which the legs part.
pub const CROTCH: f32 = 4.08;

const UPPER_ARM: f32 = 1.22;
const FORE_ARM: f32 = 1.05;
const THIGH: f32 = 1.82;
const SHANK: f32 = 1.72;

impl Body {
    /// Puts the joints where build and pose have them.
    pub fn new(build: Build, pose: Pose) -> Self {
        let at = |index: usize| Side::BOTH[index].sign();
        let shoulder = [0, 1].map(|index| p(at(index) * 0.79 * build.shoulders, 1.66));
        let along = |from: P2, degrees: f32, length: f32, index: usize| {
            from + P2::hanging(at(index) * degrees) * length
        };
        let elbow =
            [0, 1].map(|index| along(shoulder[index], pose.upper_arm[index], UPPER_ARM, index));
        let wrist = [0, 1].map(|index| along(elbow[index], pose.fore_arm[index], FORE_ARM, index));
        let hip = [0, 1].map(|index| p(at(index) * 0.40 * build.hips + pose.sway, 3.9));
        let knee =
            [0, 1].map(|index| along(hip[index], pose.thigh[index], THIGH * build.legs, index));
        let ankle =
            [0, 1].map(|index| along(knee[index], pose.shank[index], SHANK * build.legs, index));
        Self {
            build,
            pose,
            shoulder,
            elbow,
            wrist,
            hip,
            knee,
            ankle,
        }
    }

    /// Middle of the torso at a height.
    pub fn centre(&self, y: f32) -> f32 {
        self.pose.sway * smooth_step(2.0, 3.7, y)
    }

    /// Middle of the front at a height: the centre, moved by the turn.
    pub fn front(&self, y: f32) -> f32 {
        self.centre(y) + self.pose.turn * 0.5 * self.half(y.max(1.9)) * smooth_step(1.0, 1.9, y)
    }

    /// Half width of the torso at a height, skin only.
    pub fn half(&self, y: f32) -> f32 {
        let usual = table(&TORSO, y);
        let build = &self.build;
        let factor = table(
            &[
                (1.3, 1.0),
                (1.6, build.shoulders),
                (2.1, build.shoulders),
                (WAIST, build.waist),
                (HIPS, build.hips),
            ],
            y,
        );
        usual * factor
    }

    /// Height of the shoulder's slope at a distance from the middle.
    pub fn shoulder_line(&self, x: f32) -> f32 {
        let tip = 0.80 * self.build.shoulders;
        1.30 + 0.26 * smooth_step(0.1, 1.25, (x.abs() - 0.1) / (tip - 0.1).max(0.1))
    }

    /// Where the shoulder ends.
    pub fn shoulder_tip(&self, side: Side) -> P2 {
        let raised = smooth_step(50.0, 110.0, self.pose.upper_arm[side as usize]);
        p(
            side.sign() * 0.82 * self.build.shoulders,
            1.54 - 0.12 * raised,
        )
    }

    /// How far the legs reach to a side at a height below the hips.
    pub fn leg_reach(&self, side: Side, y: f32) -> f32 {
        let index = side as usize;
        let line = [
            (self.hip[index].y, self.hip[index].x),
            (self.knee[index].y, self.knee[index].x),
            (self.ankle[index].y, self.ankle[index].x),
        ];
        let x = table(&line, y);
        (x - self.centre(y)) * side.sign() + self.leg_half(self.leg_part(y))
    }

    /// How far down the leg a height is: 0 at the hip joint, 1 at the ankle.
    pub fn leg_part(&self, y: f32) -> f32 {
        (y - self.hip[0].y) / ((THIGH + SHANK) * self.build.legs)
    }

    /// Half width of a leg by the part of its length.
    pub fn leg_half(&self, part: f32) -> f32 {
        self.build.limbs
            * table(
                &[
                    (0.0, 0.40),
                    (0.2, 0.35),
                    (0.45, 0.235),
                    (0.52, 0.215),
                    (0.66, 0.225),
                    (0.85, 0.15),
                    (1.0, 0.12),
                ],
                part,
            )
    }

    /// Half width of an arm by the part of its length.
    pub fn arm_half(&self, part: f32) -> f32 {
        self.build.limbs
            * table(
                &[
                    (0.0, 0.17),
                    (0.3, 0.162),
                    (0.55, 0.14),
                    (0.7, 0.135),
                    (1.0, 0.095),
                ],
                part,
            )
    }

    /// A point on the arm's middle: part 0 is the shoulder, 1 the wrist, more is beyond it.
    pub fn on_arm(&self, side: Side, part: f32) -> P2 {
        let i = side as usize;
        on_limb([self.shoulder[i], self.elbow[i], self.wrist[i]], part)
    }

    /// A point on the leg's middle: part 0 is the hip joint, 1 the ankle.
    pub fn on_leg(&self, side: Side, part: f32) -> P2 {
        let i = side as usize;
        on_limb([self.hip[i], self.knee[i], self.ankle[i]], part)
    }

    /// The sixteen joints in LIP's order: right ankle, knee, hip, left hip, knee, ankle, pelvis,
    /// spine, neck, head, right wrist, elbow, shoulder, left shoulder, elbow, wrist. A facing person's
    /// right is the picture's left.
    pub fn joints(&self) -> [P2; 16] {
        let [r, l] = [0, 1];
        [
            self.ankle[r],
            self.knee[r],
            self.hip[r],
            self.hip[l],
            self.knee[l],
            self.ankle[l],
            p(self.centre(HIPS), HIPS),
            p(self.centre(2.0), 2.0),
            p(0.0, 1.3),
            p(0.0, 0.05),
            self.wrist[r],
            self.elbow[r],
            self.shoulder[r],
            self.shoulder[l],
            self.elbow[l],
            self.wrist[l],
        ]
    }
}

/// Part of a limb on both sides of the joint that a parabola rounds.
const ROUND: f32 = 0.1;

/// A point on a limb of two bones by the part of its length; beyond the end along the second bone.
/// The bend is rounded.
fn on_limb([a, b, c]: [P2; 3], part: f32) -> P2 {
    let (first, second) = ((b - a).len(), (c - b).len());
    let bend = first / (first + second);
    let straight = |part: f32| {
        if part < bend {
            a.lerp(b, part / bend)
        } else {
            b.lerp(c, (part - bend) / (1.0 - bend))
        }
    };
    if (part - bend).abs() < ROUND {
        let t = (part - bend + ROUND) / (2.0 * ROUND);
        let (before, after) = (straight(bend - ROUND), straight(bend + ROUND));
        before.lerp(b, t).lerp(b.lerp(after, t), t)
    } else {
        straight(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_limbs_hang_below_the_shoulder() {
        let pose = Pose {
            upper_arm: [0.0; 2],
            fore_arm: [0.0; 2],
            thigh: [0.0; 2],
            shank: [0.0; 2],
            sway: 0.0,
            turn: 0.0,
            nod: 0.0,
        };
        let body = Body::new(Build::FORM, pose);
        // 1.66 + 1.22 + 1.05
        assert!((body.wrist[0].y - 3.93).abs() < 1e-5);
        assert!((body.on_arm(Side::Left, 1.0) - body.wrist[0]).len() < 1e-5);
        // 3.9 + 1.82 + 1.72
        assert!((body.ankle[1].y - 7.44).abs() < 1e-5);
        assert!((body.leg_part(7.44) - 1.0).abs() < 1e-5);
        // The person's right ankle, first in LIP's order, is on the picture's left.
        assert!(body.joints()[0].x < 0.0);
    }
}
