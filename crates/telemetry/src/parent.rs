//! The span that a run belongs to: `TRACEPARENT` and `TRACESTATE` as W3C's Trace Context has them, in the environment as
//! OpenTelemetry's "Environment Variables as Context Propagation Carriers" says.

/// A span of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The trace.
    pub trace: [u8; 16],
    /// The span.
    pub span: [u8; 8],
    /// Whoever began the trace records it.
    pub sampled: bool,
    /// What vendors say of it; may be empty.
    pub state: String,
}

impl Parent {
    /// Reads `00-TRACE-SPAN-FLAGS`; nothing where it is not of that form, which is then to be ignored.
    #[must_use]
    pub fn read(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let mut parts = traceparent.trim().split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let [version] = bytes(version)?;
        // Later versions may have more parts; the first has none.
        if version == 0xff || (version == 0 && parts.next().is_some()) {
            return None;
        }
        let (trace, span, [flags]) = (bytes(trace)?, bytes(span)?, bytes::<1>(flags)?);
        if trace == [0; 16] || span == [0; 8] {
            return None;
        }
        Some(Self {
            trace,
            span,
            sampled: flags & 1 == 1,
            state: tracestate.unwrap_or_default().trim().to_owned(),
        })
    }
}

/// Bytes that are written as lower-case hexadecimal digits.
fn bytes<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let digits = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if text.len() != LENGTH * 2 || !text.chars().all(digits) {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let pair = text.get(index * 2..index * 2 + 2)?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::Parent;

    #[test]
    fn what_is_not_of_the_form_is_no_parent() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let span = "00f067aa0ba902b7";
        let read = |text: String| Parent::read(&text, Some("vendor=1"));
        let parent = read(format!("00-{trace}-{span}-01")).expect("a parent");
        assert!(parent.sampled);
        assert_eq!((parent.trace[0], parent.span[7]), (0x4b, 0xb7));
        assert_eq!(parent.state, "vendor=1");
        assert!(!read(format!("00-{trace}-{span}-00")).expect("one").sampled);
        assert!(read(format!("01-{trace}-{span}-01-more")).is_some());
        for wrong in [
            format!("00-{trace}-{span}-01-more"),
            format!("ff-{trace}-{span}-01"),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{trace}-{span}"),
            String::new(),
        ] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }
}
