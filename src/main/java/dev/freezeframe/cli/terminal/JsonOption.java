package dev.freezeframe.cli.terminal;

import picocli.CommandLine.Option;

/// The option `--json`.
public final class JsonOption {
    @Option(names = "--json", description = "Print one JSON object a line.")
    private boolean json;

    public boolean json() {
        return json;
    }
}
