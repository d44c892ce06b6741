//! The block collections that a line stands in, as they are and as they are to be.

/// Blanks of a level.
pub(super) const STEP: usize = 2;

/// What a block collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    List,
    Map,
}

/// A block collection.
#[derive(Debug, Clone, Copy)]
struct Level {
    block: Block,
    /// The column of its entries in the file.
    written: usize,
    /// The column that they get.
    laid: usize,
}

/// Block collections, outermost first.
#[derive(Debug, Default)]
pub(super) struct Stack {
    levels: Vec<Level>,
}

impl Stack {
    /// The column of what stands below the innermost collection.
    pub(super) fn below(&self) -> usize {
        self.levels.last().map_or(0, |level| level.laid + STEP)
    }

    /// The column of the innermost collection in the file.
    pub(super) fn written(&self) -> usize {
        self.levels.last().map_or(0, |level| level.written)
    }

    /// How many collections there are.
    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Comes to an entry of a collection at a column of the file; the column that it gets.
    pub(super) fn entry(&mut self, block: Block, column: usize) -> usize {
        while let Some(level) = self.levels.last() {
            // `key:` may have its list in its own column.
            let ended = level.written > column
                || (level.written == column && level.block == Block::List && block == Block::Map);
            if !ended {
                break;
            }
            self.levels.pop();
        }
        if let Some(level) = self.levels.last()
            && level.written == column
            && level.block == block
        {
            return level.laid;
        }
        let laid = self.below();
        self.levels.push(Level {
            block,
            written: column,
            laid,
        });
        laid
    }

    /// Comes to a value on a line of its own; the column that it gets.
    pub(super) fn value(&mut self, column: usize) -> usize {
        while self
            .levels
            .last()
            .is_some_and(|level| level.written >= column && column > 0)
        {
            self.levels.pop();
        }
        self.below()
    }

    /// The column that a comment gets: that of the line after it where they stand in one column, else that of the
    /// collection that it stands in.
    pub(super) fn comment(&self, column: usize, next: Option<Next>) -> usize {
        if let Some(next) = next
            && (next.written == column || next.written > self.written() && column > self.written())
        {
            return next.laid;
        }
        let inner = self.levels.iter().rev();
        inner
            .into_iter()
            .find(|level| level.written <= column)
            .map_or(0, |level| level.laid)
    }
}

/// The columns of the line after a comment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Next {
    pub(super) written: usize,
    pub(super) laid: usize,
}

impl Stack {
    /// The column that an entry would get, without coming to it.
    pub(super) fn peek(&self, block: Option<Block>, column: usize) -> usize {
        let mut copy = Self {
            levels: self.levels.clone(),
        };
        match block {
            Some(block) => copy.entry(block, column),
            None => copy.value(column),
        }
    }
}
