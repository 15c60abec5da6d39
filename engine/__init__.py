"""The numeric engine of backprop-tui: from a scenario to any number of its training, with its explanation.

Read it in this order; each file is one idea.

    formula/       expression trees: nodes, grounding at an address, evaluation, compilation to numpy
    activations    the table of activation functions      losses, optimizers, initialisers: likewise
    quantity       what a named array of the walk is      layers/: the stages that compute them, numpy beside template
    network        a scenario made runnable               state: its parameters in one vector
    iterate        one iteration, pure                    update: an optimizer's rules put to every parameter
    runner         by arrays or number by number          scalar/: code generated from the templates
    batches        which rows an iteration sees           address, names: what `dW[1][2,1]@3` means
    plan           step ↔ address by arithmetic           checkpoints, trace: the walk as a random-access sequence
    explain        why a step has its value               notation, numbers, printers/: how that is written
    notation_style which convention it is written in       notation_words: sentences in it; notation_latex: in LaTeX
    gradcheck      gradients against finite differences   expect, comparisons: values against what a person wrote
    paths          every way from a parameter to the loss goal: a question asked backwards, goal_algebra: undone
    closed_form    linear regression solved at once       symmetry: which units are identical for ever, and why
    condition      when a statement about addresses becomes true; condition_syntax reads it, known says at which step
    conventions    what changes the numbers, in words     statistics, penalties, schedules, datasets: more tables
    given          what there is to edit at a step
    answers        a person's own numbers, marked         slips/: the usual ways to get them wrong
    arithmetic     how a person rounds                    hand/: the same formulas over decimals, rounded so
    scenario/      the file: reading, checking, messages; edit and save: what if, comments and layout kept

The engine imports numpy, the standard library and, in `scenario/`, msgspec and tomlkit; never a terminal library.
Nothing is re-exported here: import `engine.trace.Trace` and `engine.scenario.read.read`, and the rest follows from
them.
"""
