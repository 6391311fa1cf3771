package dev.freezeframe.restore;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.MediaFile;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.store.model.ExperimentRecord;
import java.util.List;

/// What a recorded machine had outside its guest, about which a restore may have [OutsideWishes]. Nothing of it is opened.
///
/// @param files     what the guest read and could not write
/// @param arguments labels of arguments that write or listen outside
public record RecordedOutside(List<MediaFile> files, List<String> arguments) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// A machine's that has nothing.
    public static final RecordedOutside NOTHING = new RecordedOutside(List.of(), List.of());

    public RecordedOutside {
        files = List.copyOf(files);
        arguments = List.copyOf(arguments);
    }

    /// Of the machine in an experiment's record; nothing where that cannot be read, which a restore will tell.
    public static RecordedOutside of(ExperimentRecord experiment) {
        try {
            MachineSpec spec = MachineSpec.fromRecord(JSON.readTree(experiment.machineJson()));
            return new RecordedOutside(spec.mediaFiles(), spec.outsideArguments());
        } catch (JsonProcessingException | MachineException | IllegalArgumentException e) {
            return NOTHING;
        }
    }
}
