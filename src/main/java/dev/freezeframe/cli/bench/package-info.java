/// `freezeframe bench`: one command for each thing that is measured.
package dev.freezeframe.cli.bench;
