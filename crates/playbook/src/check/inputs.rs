//! The values that inputs declare fit their own types.

use super::index::Index;
use super::names::Viewpoint;
use super::problems::{Problems, helped};
use super::types::Types;
use crate::diagnostic::Code;
use crate::inputs::type_of;
use crate::syntax::input::{Input, InputKind};
use crate::template::check_data;
use crate::types::Type;

/// Checks defaults, allowed values and bounds.
pub(super) fn check(index: &Index<'_>, types: &Types<'_>, problems: &mut Problems) {
    for (at, input) in index.playbook.inputs.iter().enumerate() {
        let scope = types.from(Viewpoint::Input(at));
        let ty = type_of(input);
        let default = input.default.iter().filter(|data| !data.value.is_absent());
        let default = default.map(|data| (data, ty.present().clone()));
        let values = input.values.iter().map(|data| (data, ty.present().clone()));
        let bounds = input.min.iter().chain(&input.max);
        let bounds = bounds.map(|data| (data, of_bound(input)));
        for (data, ty) in default.chain(values).chain(bounds) {
            for found in check_data(data, &ty, &scope) {
                let code = match found.code {
                    Code::ArgumentType => Code::InputType,
                    other => other,
                };
                let mut problem = problems.error(code, found.span, found.message);
                problem = helped(problem, found.help);
                problems.push(problem);
            }
        }
    }
}

/// What `min` and `max` are: a number, a length, or a value of the same kind.
fn of_bound(input: &Input) -> Type {
    match input.kind {
        InputKind::Duration => Type::Duration,
        InputKind::Timestamp => Type::timestamp(),
        InputKind::Number => Type::number(),
        _ => Type::integer(),
    }
}
