/// A recorded run executed again, all its intervals at once: each from its own checkpoint to the next, compared there.
package dev.freezeframe.simulate;
