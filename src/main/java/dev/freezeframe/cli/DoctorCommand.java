package dev.freezeframe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.host.Doctor;
import dev.freezeframe.host.Finding;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.program.QemuProgram;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/// `freezeframe doctor`: whether this computer has what recording needs, and what to do where it has not.
@Command(name = "doctor", mixinStandardHelpOptions = true, header = "Check whether this computer has what recording needs.", description = "Looks at QEMU, its disk tools, KVM, the kernel's userfaultfd and PAGEMAP_SCAN, ptrace, shared memory, Java, the demo machine and the store. Of each thing that is not as it should be it says what that costs and how to get it. Changes nothing.", exitCodeList = {
        "0:Machines can be recorded here.", "1:Something is missing without which nothing can be recorded.",
        "2:Wrong usage."}, footer = {
                "  This computer:",
                "    freezeframe doctor",
                "  Another QEMU than the one on the PATH:",
                "    freezeframe doctor --qemu /opt/qemu/bin/qemu-system-x86_64",
                "  Only what is not good, for a script:",
                "    freezeframe doctor --json | grep -v '\"severity\":\"good\"'"})
final class DoctorCommand implements Callable<Integer> {
    @ParentCommand
    private RootCommand program;

    @Mixin
    private StoreOption storeOption;

    @Option(names = "--qemu", paramLabel = "BINARY", description = "QEMU to look at. Default: qemu-system-x86_64")
    private Optional<Path> qemu;

    @Mixin
    private JsonOption format;

    @Override
    public Integer call() {
        TerminalOutput screen = new TerminalOutput(program.surroundings());
        Doctor doctor = new Doctor(qemu.orElse(QemuProgram.DEFAULT_BINARY), storeOption.directory(program), Profiles
                .standard());
        List<Finding> findings = doctor.examine();
        for (Finding finding : findings) {
            if (format.json()) {
                screen.line(json(finding).toString());
            } else {
                print(finding, screen);
            }
        }
        if (!format.json()) {
            screen.line(Doctor.summary(findings));
        }
        return Doctor.isUsable(findings) ? 0 : 1;
    }

    private static void print(Finding finding, TerminalOutput screen) {
        screen.line(Units.text("%-8s  %-26s  %s", word(finding), finding.subject(), finding.found()));
        if (!finding.cost().isEmpty()) {
            screen.line("          so      " + finding.cost());
        }
        if (!finding.remedy().isEmpty()) {
            screen.line(
                    "          remedy  " + finding.remedy() + finding.command().map(command -> ": " + command).orElse(
                            ""));
        }
    }

    private static String word(Finding finding) {
        return finding.severity().name().toLowerCase(Locale.ROOT);
    }

    private static ObjectNode json(Finding finding) {
        ObjectNode json = JsonLines.ofType("finding").put("subject", finding.subject()).put("severity", word(finding))
                .put("found", finding.found());
        if (!finding.cost().isEmpty()) {
            json.put("cost", finding.cost());
        }
        if (!finding.remedy().isEmpty()) {
            json.put("remedy", finding.remedy());
        }
        finding.command().ifPresent(command -> json.put("command", command));
        return json;
    }
}
