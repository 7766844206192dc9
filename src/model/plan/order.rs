//! The order in which outputs can be made.

/// The numbers of the outputs, each after all that it reads; `reads` is by output. The order of the numbers is kept
/// where it can be.
///
/// # Errors
/// A cycle: the first output again at its end.
pub fn order(reads: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut marks = vec![Mark::New; reads.len()];
    let mut done = Vec::with_capacity(reads.len());
    for start in 0..reads.len() {
        // The path to where we are, with how many upstreams of each were looked at.
        let mut path: Vec<(usize, usize)> = if marks[start] == Mark::New { vec![(start, 0)] } else { Vec::new() };
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            marks[at] = Mark::Open;
            let Some(upstream) = reads[at].get(*next).copied() else {
                marks[at] = Mark::Done;
                done.push(at);
                path.pop();
                continue;
            };
            *next += 1;
            match marks[upstream] {
                Mark::Done => {}
                Mark::New => path.push((upstream, 0)),
                Mark::Open => {
                    let cycle = path.iter().map(|(at, _)| *at).skip_while(|at| *at != upstream);
                    return Err(cycle.chain([upstream]).collect());
                }
            }
        }
    }
    Ok(done)
}

/// These and everything that they read, directly or through others.
pub fn with_upstreams(reads: &[Vec<usize>], of: &[usize]) -> Vec<bool> {
    let mut found = vec![false; reads.len()];
    let mut open = of.to_vec();
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut found[at], true) {
            open.extend(&reads[at]);
        }
    }
    found
}

/// The same graph the other way round: who reads each output.
pub fn readers(reads: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut readers = vec![Vec::new(); reads.len()];
    for (at, upstreams) in reads.iter().enumerate() {
        upstreams.iter().for_each(|upstream| readers[*upstream].push(at));
    }
    readers
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

#[cfg(test)]
mod tests {
    use super::{order, readers, with_upstreams};

    #[test]
    fn upstreams_come_first_and_cycles_are_named() {
        assert_eq!(order(&[vec![2], vec![], vec![1]]), Ok(vec![1, 2, 0]));
        assert_eq!(order(&[vec![], vec![0], vec![0, 1]]), Ok(vec![0, 1, 2]));
        assert_eq!(order(&[vec![1], vec![2], vec![1]]), Err(vec![1, 2, 1]));
        assert_eq!(order(&[vec![0]]), Err(vec![0, 0]));
        assert_eq!(with_upstreams(&[vec![2], vec![], vec![1]], &[2]), [false, true, true]);
        assert_eq!(readers(&[vec![2], vec![], vec![1]]), [vec![], vec![2], vec![0]]);
    }
}
