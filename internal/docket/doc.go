// Package docket is the engine under every kind of aggregate: it loads one, lets its
// law move it, commits the move in one transaction, and tells the world afterwards
// what was committed. It owns the ports it needs and the values that cross them. It
// decides nothing that a law decides, and it knows no table, bucket, queue or state
// machine by name.
//
// # How a change happens
//
// A page, a program or the clock calls an operation, say [Desk.Submit]. Every
// operation that changes something goes through one function, [Desk.Move], which holds the
// whole theory of retries:
//
//  1. It loads the aggregate ([Stored]: its [Head], gates and files), and reads the
//     clock, the rules and who the agencies are. Together these are all that a law may
//     know ([law.Setting]).
//  2. It asks the law, which is pure: the same question has the same answer. The law
//     refuses with a fault, or says what becomes of the aggregate and what its entry of
//     history says.
//  3. [Deed.Seal] makes a [Change] of that: the version raised by one, the entry
//     chained to the one before, the law's value written as the head's body, and
//     beside it what lists show of it.
//  4. The [Commit] goes to the [Store] and becomes true as a whole or not at all: the
//     head if its version is still the one that was loaded, the entry if it is absent,
//     gates, files, rows and lists, whatever else is held, and the operation under the
//     sender's own id if it is absent.
//  5. If somebody moved first, everything is loaded and decided anew. If the answer was
//     lost, the operation is looked up before it is tried again. The same request sent
//     twice therefore happens once, and its sender gets the same [Receipt] again.
//
// Quantities have no head: a commit moves them by a [Tally], under bounds that the store
// itself judges, and an operation that moves nothing else is [Desk.Count].
//
// Nobody is told anything before that. The entry was committed with a mark, untold;
// the relay ([Relay]) reads entries from the table's stream and derives from each
// alone what it calls for ([Tellings]): runs of state machines to start, gates to
// resume, notices and events to queue. Only when all of that succeeded does it take the
// mark off, and a schedule retells what kept it. Telling twice is harmless, because
// executions have names, notices have keys, and resuming what was resumed does nothing.
//
// What must happen to an aggregate at an instant is a [Timer] or the ring of a gate: rows
// of one due list, which [Deadlines] takes in order. Where an aggregate stands in lists,
// whether somebody has to act on it and at which gates it waits ([Wait]), each version
// says anew; the sweep ([Relay.Sweep]) walks over what is open by that alone, and
// [Rebuild] writes all of it again.
//
// # Kinds
//
// A kind of aggregate is one row of [Kinds]. Its law fills the envelope that every
// entry bears ([law.Envelope]), and the engine reads nothing else of it. CONTRIBUTING
// says what a new kind brings along.
package docket
