package dev.freezeframe.qemu.qmp;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.ObjectMapper;

/// The one JSON reader and writer of this package, with limits that fit a QMP line.
final class QmpJson {
    /// No reply of QEMU comes near this (`query-qmp-schema` is 0.2 MiB); a peer that sends more is broken.
    static final int MAX_LINE_BYTES = 64 << 20;

    static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder().streamReadConstraints(
            StreamReadConstraints.builder().maxStringLength(MAX_LINE_BYTES).maxNestingDepth(256).build()).build());

    private QmpJson() {}
}
