//! What goes wrong on demand, at either service.

/// How many calls meet a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The next one.
    Once,
    /// The next few.
    Times(u32),
    /// Every one until the faults are cleared.
    Always,
}

/// The faults that are to come, oldest first, each with the calls that it is for.
pub(crate) type Faults<R, F> = Vec<(R, F, Times)>;

/// The fault that a call meets, counted as met.
pub(crate) fn take<R, F: Clone>(faults: &mut Faults<R, F>, fits: impl Fn(&R) -> bool) -> Option<F> {
    let due = |(of, _, times): &(R, F, Times)| *times != Times::Times(0) && fits(of);
    let at = faults.iter().position(due)?;
    let (_, fault, times) = &mut faults[at];
    let fault = fault.clone();
    match times {
        Times::Always => {}
        Times::Times(left) if *left > 1 => *left -= 1,
        Times::Times(_) | Times::Once => drop(faults.remove(at)),
    }
    Some(fault)
}
