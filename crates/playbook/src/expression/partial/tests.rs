//! Partial evaluation agrees with evaluation, and what it knows holds for whatever is not known.
