/// Commands that run machines: record, restore, demo, guest.
package dev.freezeframe.cli.run;
