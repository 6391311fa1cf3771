package dev.freezeframe.cli;

import picocli.CommandLine.Option;

/// The option `--json`.
final class JsonOption {
    @Option(names = "--json", description = "Print one JSON object a line.")
    private boolean json;

    boolean json() {
        return json;
    }
}
