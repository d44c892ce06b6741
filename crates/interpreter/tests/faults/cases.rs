//! What is so in a service, and what goes wrong on the way to it: drawn from a seed.

use crate::service::Service;

/// One case.
#[derive(Debug, Clone, Copy)]
#[expect(
    dead_code,
    reason = "the seed and the number are shown, so that a case can be repeated"
)]
pub struct Case {
    pub seed: u64,
    pub number: u64,
    pub truth: Truth,
    pub fault: Fault,
    /// The request from which on it goes wrong.
    pub first: usize,
    /// How many requests in a row; all that follow where there is no number.
    pub times: Option<usize>,
    /// Where an answer is cut, in percent of it.
    pub cut: usize,
}

/// What is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// There is no problem.
    Fine,
    /// There is one, and the remedy mends it.
    Mends,
    /// There is one, and the remedy does not mend it.
    Stays,
    /// There is one without a cause that is known.
    Unexplained,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Nothing,
    Throttle,
    ServerError,
    BusyPage,
    Reset,
    /// The request is carried out, and the answer never comes.
    LostAnswer,
    Stall,
    /// The answer ends before its announced length.
    Truncated,
    /// The answer ends early, and nothing announced its length.
    CutShort,
    /// The answer stops in its midst, and the connection stays.
    Halted,
    Garbage,
    /// A page of somebody else, with status 200.
    Foreign,
    Empty,
    /// JSON, and XML, of another shape.
    OtherShape,
    ClockSkew,
    Expired,
}

const FAULTS: [Fault; 16] = [
    Fault::Nothing,
    Fault::Throttle,
    Fault::ServerError,
    Fault::BusyPage,
    Fault::Reset,
    Fault::LostAnswer,
    Fault::Stall,
    Fault::Truncated,
    Fault::CutShort,
    Fault::Halted,
    Fault::Garbage,
    Fault::Foreign,
    Fault::Empty,
    Fault::OtherShape,
    Fault::ClockSkew,
    Fault::Expired,
];

const TRUTHS: [Truth; 4] = [Truth::Fine, Truth::Mends, Truth::Stays, Truth::Unexplained];

impl Fault {
    /// A word for it.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below the bound")
    }
}

impl Case {
    /// The case of a seed and a number.
    pub fn drawn(seed: u64, number: u64) -> Self {
        let mut draw = Draw(seed.wrapping_mul(0x1_0000_0001).wrapping_add(number));
        Self {
            seed,
            number,
            truth: TRUTHS[draw.below(TRUTHS.len())],
            fault: FAULTS[draw.below(FAULTS.len())],
            first: draw.below(12),
            times: match draw.below(5) {
                0 => None,
                some => Some(some),
            },
            cut: draw.below(100),
        }
    }

    /// Whether a verdict may come of it.
    ///
    /// # Errors
    /// Why not.
    pub fn verdict(&self, verdict: &str, service: &Service) -> Result<(), String> {
        let right = match self.truth {
            Truth::Fine => "absent",
            Truth::Mends => "resolved",
            Truth::Stays | Truth::Unexplained => "unresolved",
        };
        if verdict != right && verdict != "failed" {
            return Err(format!("it must be {right} or failed"));
        }
        if verdict == "resolved" && !service.is_mended() {
            return Err("it is not mended".to_owned());
        }
        let writes = service.writes();
        let due = matches!(self.truth, Truth::Mends | Truth::Stays);
        if writes > 0 && !due {
            return Err(format!("{writes} writes were made where none is due"));
        }
        Ok(())
    }
}
