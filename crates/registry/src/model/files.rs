//! Which operations stream bodies, and how their inputs name files.

use super::service::{Operation, Service};
use super::shape::{Member, MemberTrait, ShapeKind, ShapeTrait};
use runbook_playbook::types::{Member as TypedMember, Structure, Type};
use std::sync::Arc;

/// The member of a streamed body that names a file: `Body: {file: report.csv}`.
pub const FILE: &str = "file";

/// The argument that names the file for a streamed answer, called as in the AWS CLI's help.
pub const OUTFILE: &str = "outfile";

fn is_streamed(service: &Service, member: &Member) -> bool {
    let target = service.target(member);
    let streams = member.is(MemberTrait::Streaming) || target.is(ShapeTrait::Streaming);
    streams && matches!(target.kind, ShapeKind::Blob(_))
}

/// The member of an operation's input that is a streamed body.
#[must_use]
pub fn streamed_input(service: &Service, operation: &Operation) -> Option<&'static str> {
    let payload = service.structure(operation.input)?.payload_member()?;
    is_streamed(service, payload).then_some(payload.name)
}

/// Whether an operation's answer is a streamed body.
#[must_use]
pub fn streams_output(service: &Service, operation: &Operation) -> bool {
    service
        .structure(operation.output)
        .and_then(|output| output.payload_member())
        .is_some_and(|payload| is_streamed(service, payload))
}

/// The type of an operation's input with what is said above.
pub(super) fn with_files(service: &Service, operation: &Operation, input: Type) -> Type {
    let body = streamed_input(service, operation);
    let outfile = streams_output(service, operation);
    match input {
        Type::Structure(input) if body.is_some() || outfile => {
            Type::Structure(Arc::new(WithFiles {
                input,
                body,
                outfile,
            }))
        }
        other => other,
    }
}

/// An input whose body may be a file, and whose answer may go into one.
#[derive(Debug)]
struct WithFiles {
    input: Arc<dyn Structure>,
    body: Option<&'static str>,
    outfile: bool,
}

impl Structure for WithFiles {
    fn name(&self) -> &str {
        self.input.name()
    }

    fn member_names(&self) -> Vec<String> {
        let mut names = self.input.member_names();
        names.extend(self.outfile.then(|| OUTFILE.to_owned()));
        names
    }

    fn member(&self, name: &str) -> Option<TypedMember> {
        if self.outfile && name == OUTFILE {
            return Some(TypedMember::optional(Type::text()));
        }
        let member = self.input.member(name)?;
        if self.body == Some(name) {
            // Base64 text, or a mapping that names a file: the client tells them apart.
            return Some(TypedMember {
                ty: Type::Any,
                ..member
            });
        }
        Some(member)
    }
}
