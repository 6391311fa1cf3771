/// The map of guest memory: which page is which cell, and what is known of each page.
package dev.freezeframe.plot.map;
