//! `limits: {writes: …}`: how many writes a run may make, those of playbooks that it runs included.

use std::cell::Cell;
use std::rc::Rc;

/// The writes of a run, and of the one that it is inside of.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    most: Option<usize>,
    taken: Cell<usize>,
    outer: Option<Rc<Budget>>,
}

impl Budget {
    /// The writes of a run that may make so many, inside of another one or not.
    pub fn new(most: Option<u32>, outer: Option<Rc<Self>>) -> Self {
        Self {
            most: most.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            taken: Cell::new(0),
            outer,
        }
    }

    /// Takes a write from this run's and from all those around it.
    ///
    /// # Errors
    /// The bound that leaves none.
    pub fn take(&self) -> Result<(), usize> {
        if let Some(most) = self.spent() {
            return Err(most);
        }
        self.add();
        Ok(())
    }

    /// Gives back a write that was never sent.
    pub fn give_back(&self) {
        self.taken.set(self.taken.get().saturating_sub(1));
        if let Some(outer) = &self.outer {
            outer.give_back();
        }
    }

    fn spent(&self) -> Option<usize> {
        let own = self.most.filter(|most| self.taken.get() >= *most);
        own.or_else(|| self.outer.as_ref().and_then(|outer| outer.spent()))
    }

    fn add(&self) {
        self.taken.set(self.taken.get() + 1);
        if let Some(outer) = &self.outer {
            outer.add();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;
    use std::rc::Rc;

    #[test]
    fn a_run_inside_of_another_takes_from_both() {
        let outer = Rc::new(Budget::new(Some(2), None));
        let inner = Budget::new(Some(9), Some(Rc::clone(&outer)));
        assert_eq!(outer.take(), Ok(()));
        assert_eq!(inner.take(), Ok(()));
        assert_eq!(inner.take(), Err(2));
        inner.give_back();
        assert_eq!(outer.take(), Ok(()));
    }
}
