/// Collection, verification, and a file that stays near the size of its content.
package dev.freezeframe.store.upkeep;
