//! Lines that are drawn over in place, on standard output.

use std::io::{Stdout, Write, stdout};

use crossterm::cursor::{Hide, MoveTo, MoveToColumn, MoveUp, Show};
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{Clear, ClearType, size};

use super::visible;

/// The size that is used where the terminal does not tell.
const SIZE: (u16, u16) = (80, 24);

/// A part of the terminal. The cursor is hidden while there is one, and shown again whatever ends it.
#[derive(Debug)]
pub struct Screen {
    out: Stdout,
    lines: u16,
    size: (u16, u16),
}

impl Screen {
    /// Begins below what is printed already.
    pub fn begin() -> Self {
        let mut out = stdout();
        // A terminal that is gone is noticed when the answer is written.
        let _ = queue!(out, Hide).and_then(|()| out.flush());
        Self { out, lines: 0, size: Self::size() }
    }

    /// Columns and lines of the terminal.
    pub fn size() -> (u16, u16) {
        size().ok().filter(|(width, height)| *width > 0 && *height > 1).unwrap_or(SIZE)
    }

    /// Draws these lines over those that were drawn before. What does not fit is cut.
    ///
    /// # Errors
    /// Those of standard output.
    pub fn draw(&mut self, lines: &[String]) -> std::io::Result<()> {
        let (width, height) = Self::size();
        if (width, height) != self.size && self.lines > 0 {
            // Lines that were drawn are broken now, so that nobody knows how many there are.
            queue!(self.out, Clear(ClearType::All), MoveTo(0, 0))?;
        } else if self.lines > 0 {
            queue!(self.out, MoveUp(self.lines), MoveToColumn(0))?;
        }
        self.size = (width, height);
        self.lines = 0;
        // The cursor stays on the line below the last.
        for line in lines.iter().take(usize::from(height.saturating_sub(1))) {
            // A line that fills the last column would be broken by some terminals, and not by others.
            let line: String = visible(line).chars().take(usize::from(width.saturating_sub(1))).collect();
            queue!(self.out, Print(line), Clear(ClearType::UntilNewLine), Print("\n"))?;
            self.lines += 1;
        }
        queue!(self.out, Clear(ClearType::FromCursorDown))?;
        self.out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = queue!(self.out, Show).and_then(|()| self.out.flush());
    }
}
