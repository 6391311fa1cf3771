/// Commands over what a store holds: list, compare, annotate, delete, collect, verify, export, import.
package dev.freezeframe.cli.library;
