package dev.freezeframe.qemu.profile;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import dev.freezeframe.base.SizeText;
import dev.freezeframe.linux.RegularFile;
import dev.freezeframe.qemu.image.Disk;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Reads profile files. Whatever is wrong is reported with the file, the JSON path, what is wrong and what to write
/// instead; a profile that comes out can be checkpointed as far as its text can tell.
public final class ProfileReader {
    static final int MAX_FILE_BYTES = 1 << 20;
    /// QEMU rounds `-m` up to this (softmmu/vl.c), and then it would not fit the memory backend.
    private static final long MEMORY_STEP_BYTES = 8192;
    private static final long MIN_MEMORY_BYTES = 1 << 20;
    private static final long MAX_MEMORY_BYTES = 1L << 40;
    private static final int MAX_CPUS = 255;
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^}]*)}");
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    /// Fields that are read only to explain them.
    private static final Set<String> NOT_FOR_USE = Set.of("$schema");

    private static final JsonMapper MAPPER = JsonMapper.builder().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).enable(
            JsonReadFeature.ALLOW_TRAILING_COMMA).enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).enable(
                    DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES).disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(LogicalType.Textual, config -> config.setCoercion(CoercionInputShape.Integer,
                    CoercionAction.Fail).setCoercion(CoercionInputShape.Float, CoercionAction.Fail).setCoercion(
                            CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    private final String file;
    private final Path folder;
    private final Path guestFolder;
    /// Where problems go when all are wanted; the first one is thrown otherwise.
    private Optional<List<ProfileProblem>> noted = Optional.empty();

    /// The file's fields as they are written.
    private record Fields(@JsonProperty("$schema") String schema, String description, String memory, Integer cpus,
            String machine, String accelerator, String firmware, String kernel, String initrd, String append,
            String display,
            String bootSector, List<DiskFields> disks, Boolean replay, List<String> arguments) {}

    /// One element of `disks` as it is written.
    private record DiskFields(String file, String format, @JsonProperty("interface") String diskInterface,
            Boolean readOnly, String writes) {}

    private ProfileReader(String file, Path folder, Path guestFolder) {
        this.file = file;
        this.folder = folder;
        this.guestFolder = guestFolder;
    }

    /// Reads a profile file.
    ///
    /// @param guestFolder what `${guest}` stands for
    public static Profile read(Path path, Path guestFolder) throws ProfileException {
        Path absolute = path.toAbsolutePath().normalize();
        ProfileReader reader = new ProfileReader(absolute.getFileName().toString(), absolute.getParent(), guestFolder);
        String text;
        try {
            text = text(absolute);
        } catch (IOException e) {
            throw reader.problem("", problem(e), "check the path and its permissions");
        }
        String name = reader.file.endsWith(".json")
                ? reader.file.substring(0, reader.file.length() - ".json".length())
                : reader.file;
        return reader.parse(name, text);
    }

    /// The text of a file that may be anything: neither a pipe is waited for nor a device read without an end.
    static String text(Path file) throws IOException {
        try (FileChannel channel = RegularFile.open(file); InputStream bytes = Channels.newInputStream(channel)) {
            byte[] text = bytes.readNBytes(MAX_FILE_BYTES + 1);
            if (text.length > MAX_FILE_BYTES) {
                throw new FileSystemException(file.toString(), null, "is larger than 1 MiB");
            }
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
        }
    }

    /// Why it gave none, as a clause.
    static String problem(IOException failure) {
        return switch (failure) {
            case CharacterCodingException _ -> "is not UTF-8";
            case FileSystemException e when e.getReason() != null && e.getReason().startsWith("is ") -> e.getReason();
            case FileSystemException e when e.getReason() != null -> "cannot be read: " + e.getReason();
            default -> "cannot be read: " + failure.getMessage();
        };
    }

    private Profile parse(String name, String text) throws ProfileException {
        if (text.length() > MAX_FILE_BYTES) {
            throw problem("", "is larger than 1 MiB", "name a profile, not another kind of file");
        }
        try {
            return check(name, MAPPER.readValue(text, Fields.class));
        } catch (JsonProcessingException e) {
            throw explain(e);
        }
    }

    /// Reads the text of a profile that is to lie in a folder under a name.
    public static Profile parse(String name, String text, Path folder, Path guestFolder) throws ProfileException {
        return new ProfileReader(name + ".json", folder, guestFolder).parse(name, text);
    }

    /// All that is wrong with the text of a profile, as far as it can be told: JSON that cannot be read is one problem, as
    /// what stands behind it is unknown; otherwise one for each field, in the order of a form.
    static List<ProfileProblem> problems(String name, String text, Path folder, Path guestFolder) {
        ProfileReader reader = new ProfileReader(name + ".json", folder, guestFolder);
        List<ProfileProblem> problems = new ArrayList<>();
        reader.noted = Optional.of(problems);
        try {
            reader.parse(name, text);
        } catch (ProfileException e) {
            problems.add(new ProfileProblem(e.jsonPath(), e.problem()));
        }
        return List.copyOf(problems);
    }

    /// The fields that a file may have.
    static List<String> fieldNames() {
        return Stream.of(Fields.class.getRecordComponents()).map(RecordComponent::getName).map(
                name -> name.equals("schema") ? "$schema" : name).filter(name -> !NOT_FOR_USE.contains(name)).toList();
    }

    /// One field's check; in a list of problems the next field is checked although this one is wrong.
    private interface Check<T> {
        T run() throws ProfileException;
    }

    private <T> T field(T otherwise, Check<T> check) throws ProfileException {
        try {
            return check.run();
        } catch (ProfileException e) {
            if (noted.isEmpty()) {
                throw e;
            }
            noted.get().add(new ProfileProblem(e.jsonPath(), e.problem()));
            return otherwise;
        }
    }

    /// Reads a profile that [Profile#toJson] wrote into a record of a machine.
    static Profile fromJson(String name, JsonNode json) throws ProfileException {
        ProfileReader reader = new ProfileReader(name, Path.of("/"), Path.of("/"));
        try {
            return reader.check(name, MAPPER.treeToValue(json, Fields.class));
        } catch (JsonProcessingException e) {
            throw reader.explain(e);
        }
    }

    private ProfileException explain(JsonProcessingException e) {
        if (e instanceof UnrecognizedPropertyException unknown) {
            return problem(jsonPath(unknown), "unknown field", "known are " + String.join(", ", unknown
                    .getKnownPropertyIds().stream().map(Object::toString).filter(field -> !NOT_FOR_USE.contains(field))
                    .sorted().toList()));
        }
        if (e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()) {
            return problem(jsonPath(mapping), firstLine(e.getOriginalMessage()), "see qemu-profiles/README.md");
        }
        String place = e.getLocation() == null
                ? ""
                : " at line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr();
        return problem("", "is not valid JSON" + place + ": " + firstLine(e.getOriginalMessage()), "correct it there");
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("").strip();
    }

    private static String jsonPath(JsonMappingException e) {
        StringBuilder path = new StringBuilder("$");
        for (JsonMappingException.Reference step : e.getPath()) {
            if (step.getFieldName() != null) {
                path.append('.').append(step.getFieldName());
            } else {
                path.append('[').append(step.getIndex()).append(']');
            }
        }
        return path.toString();
    }

    private ProfileException problem(String jsonPath, String what, String remedy) {
        return new ProfileException(file, jsonPath, what, remedy);
    }

    private Profile check(String name, Fields fields) throws ProfileException {
        if (fields == null) {
            throw problem("$", "is empty", "write at least { \"memory\": \"256 MiB\" }");
        }
        field(null, () -> checkName(name));
        field(null, () -> checkUnused(fields));
        Optional<BootProgram> bootSector = field(Optional.empty(), () -> bootSector(fields));
        Optional<Path> kernel = field(Optional.empty(), () -> path("$.kernel", fields.kernel));
        field(null, () -> {
            if (kernel.isEmpty() && fields.kernel == null && fields.initrd != null) {
                throw problem("$.initrd", "an initrd needs a kernel", "add the field kernel");
            }
            return null;
        });
        field(null, () -> {
            if (kernel.isEmpty() && fields.kernel == null && fields.append != null && !fields.append.isBlank()) {
                throw problem("$.append", "a kernel command line needs a kernel", "add the field kernel");
            }
            return null;
        });
        return new Profile(name, fields.description == null ? "" : fields.description,
                field(0L, () -> memory(fields.memory, bootSector)), field(1, () -> cpus(fields.cpus)),
                field("", () -> machine(fields.machine)),
                field(Accelerator.AUTO, () -> accelerator(fields.accelerator)),
                field(Optional.empty(), () -> path("$.firmware", fields.firmware)), kernel,
                field(Optional.empty(), () -> path("$.initrd", fields.initrd)),
                fields.append == null ? "" : fields.append.strip(), field("", () -> display(fields.display)),
                field(List.of(), () -> disks(fields.disks, Boolean.TRUE.equals(fields.replay))), bootSector,
                field(false, () -> replay(fields)),
                field(List.of(), () -> arguments(fields.arguments)));
    }

    /// Refuses what cannot be the name of a profile, and so cannot be a file outside its folder either.
    static void requireName(String name) throws ProfileException {
        new ProfileReader(name.replace("\0", "\\0"), Path.of("/"), Path.of("/")).checkName(name);
    }

    private Void checkName(String name) throws ProfileException {
        if (!WORD.matcher(name).matches()) {
            throw problem("", "the name \"" + name + "\" has characters other than letters, digits, '.', '_' and '-'",
                    "rename the file");
        }
        return null;
    }

    private Void checkUnused(Fields fields) throws ProfileException {
        if (fields.schema != null && fields.schema.isBlank()) {
            throw problem("$.$schema", "is empty", "leave it out");
        }
        return null;
    }

    private Optional<BootProgram> bootSector(Fields fields) throws ProfileException {
        if (fields.bootSector == null) {
            return Optional.empty();
        }
        Optional<BootProgram> program = BootProgram.parse(fields.bootSector);
        if (program.isEmpty()) {
            throw problem("$.bootSector", "there is no boot sector \"" + fields.bootSector + "\"", "write one of "
                    + String.join(", ", BootProgram.names()));
        }
        if (fields.kernel != null) {
            throw problem("$.bootSector", "a machine boots either the boot sector or a kernel", "leave one out");
        }
        return program;
    }

    private long memory(String text, Optional<BootProgram> bootSector) throws ProfileException {
        String path = "$.memory";
        String example = "write for example \"256 MiB\" or \"2 GiB\"";
        if (text == null) {
            throw problem(path, "is missing", example);
        }
        OptionalLong size = SizeText.parse(text);
        if (size.isEmpty()) {
            throw problem(path, "\"" + text + "\" is not a size", example);
        }
        Optional<String> problem = memoryProblem(size.getAsLong(), bootSector);
        if (problem.isPresent()) {
            throw problem(path, problem.get(), example);
        }
        return size.getAsLong();
    }

    /// Why a guest cannot have this much memory, or empty.
    public static Optional<String> memoryProblem(long bytes, Optional<BootProgram> bootSector) {
        if (bytes % MEMORY_STEP_BYTES != 0) {
            return Optional
                    .of(bytes + " bytes are not a multiple of two 4 KiB pages, the step in which QEMU gives RAM");
        }
        if (bytes < MIN_MEMORY_BYTES || bytes > MAX_MEMORY_BYTES) {
            return Optional.of(SizeText.of(bytes) + " is not between 1 MiB and 1 TiB");
        }
        return bootSector.map(BootProgram::memoryBytes).filter(needed -> bytes < needed).map(
                needed -> "the boot sector writes up to " + SizeText.of(needed));
    }

    private int cpus(Integer cpus) throws ProfileException {
        if (cpus == null) {
            return 1;
        }
        if (cpus < 1 || cpus > MAX_CPUS) {
            throw problem("$.cpus", cpus + " is not between 1 and " + MAX_CPUS, "write a number like 1");
        }
        return cpus;
    }

    private String machine(String machine) throws ProfileException {
        if (machine == null) {
            return "pc";
        }
        String[] parts = machine.split(",", -1);
        if (!WORD.matcher(parts[0]).matches()) {
            throw problem("$.machine", "\"" + parts[0] + "\" is no machine type", "write one that "
                    + "'qemu-system-x86_64 -machine help' lists, such as \"pc\"");
        }
        for (int i = 1; i < parts.length; i++) {
            Optional<String> reason = RefusedOptions.machineOption(parts[i]);
            if (reason.isPresent()) {
                throw problem("$.machine", "the option \"" + parts[i] + "\" " + reason.get(), "leave it out");
            }
        }
        return machine;
    }

    private Accelerator accelerator(String text) throws ProfileException {
        if (text == null) {
            return Accelerator.AUTO;
        }
        Optional<Accelerator> accelerator = Accelerator.parse(text);
        if (accelerator.isEmpty()) {
            throw problem("$.accelerator", "there is no accelerator \"" + text + "\"", "write auto, kvm or tcg");
        }
        return accelerator.get();
    }

    private String display(String text) throws ProfileException {
        if (text == null) {
            return "none";
        }
        if (!WORD.matcher(text).matches()) {
            throw problem("$.display", "\"" + text + "\" is no graphics card", "write none, or a value of QEMU's -vga "
                    + "such as std");
        }
        return text;
    }

    private boolean replay(Fields fields) throws ProfileException {
        if (fields.replay == null || !fields.replay) {
            return false;
        }
        Optional<ReplayRules.Refusal> refusal = ReplayRules.check(fields.cpus, fields.accelerator, fields.machine,
                fields.display,
                fields.arguments == null ? List.of() : fields.arguments);
        if (refusal.isPresent()) {
            throw problem("$.replay", refusal.get().why(), refusal.get().remedy());
        }
        return true;
    }

    private List<Disk> disks(List<DiskFields> fields, boolean replay) throws ProfileException {
        List<Disk> disks = new ArrayList<>();
        for (DiskFields each : fields == null ? List.<DiskFields>of() : fields) {
            String path = "$.disks[" + disks.size() + "]";
            if (each == null) {
                throw problem(path, "is null", "write at least { \"file\": \"disk.qcow2\" }");
            }
            Disk disk = disk(path, Disk.idAt(disks.size()), each);
            Optional<ReplayRules.Refusal> refusal = replay ? ReplayRules.check(disk) : Optional.empty();
            if (refusal.isPresent()) {
                throw problem(path, refusal.get().why(), refusal.get().remedy());
            }
            disks.add(disk);
        }
        if (disks.size() > Disk.MOST) {
            throw problem("$.disks", disks.size() + " disks are more than " + Disk.MOST, "leave some out");
        }
        if (disks.stream().filter(disk -> disk.diskInterface() == Disk.Interface.IDE).count() > Disk.MOST_IDE) {
            throw problem("$.disks", "a machine has room for " + Disk.MOST_IDE + " IDE disks",
                    "give the others the interface \"virtio\" or \"scsi\"");
        }
        for (int i = 0; i < disks.size(); i++) {
            Disk disk = disks.get(i);
            if (disks.subList(0, i).stream().anyMatch(other -> other.file().equals(disk.file()) && (other
                    .writesImage() || disk.writesImage()))) {
                throw problem("$.disks[" + i + "].file", "is the image of another disk too, and one of them writes it",
                        "use another file, or set writes to \"discard\" in both");
            }
        }
        return disks;
    }

    private Disk disk(String path, String id, DiskFields fields) throws ProfileException {
        Path image = path(path + ".file", fields.file).orElseThrow(() -> problem(path + ".file", "is missing",
                "write the path of a disk image"));
        Disk.Format format = choice(path + ".format", fields.format, Disk.Format.of(image), Disk.Format::parse,
                "raw or qcow2");
        Disk.Interface diskInterface = choice(path + ".interface", fields.diskInterface, Disk.Interface.VIRTIO,
                Disk.Interface::parse, "virtio, scsi or ide");
        boolean readOnly = fields.readOnly != null && fields.readOnly;
        Disk.Writes writes = choice(path + ".writes", fields.writes, Disk.Writes.DISCARD, Disk.Writes::parse,
                "discard or keep");
        if (readOnly && writes == Disk.Writes.KEEP) {
            throw problem(path + ".writes", "a disk that is read-only has no writes to keep", "leave one out");
        }
        if (readOnly && diskInterface == Disk.Interface.IDE) {
            throw problem(path + ".readOnly", "an IDE disk cannot be read-only",
                    "use the interface virtio or scsi, or leave readOnly out: what the guest writes is discarded anyway");
        }
        return new Disk(id, image, format, fields.format != null, diskInterface, readOnly, writes);
    }

    private <T> T choice(String path, String text, T otherwise, Function<String, Optional<T>> parse, String known)
            throws ProfileException {
        if (text == null) {
            return otherwise;
        }
        return parse.apply(text).orElseThrow(() -> problem(path, "there is no \"" + text + "\"", "write " + known));
    }

    private List<String> arguments(List<String> arguments) throws ProfileException {
        List<String> resolved = new ArrayList<>();
        for (String argument : arguments == null ? List.<String>of() : arguments) {
            String path = "$.arguments[" + resolved.size() + "]";
            if (argument == null) {
                throw problem(path, "is null", "write a string");
            }
            String option = resolved.isEmpty() ? "" : resolved.getLast();
            resolved.add(placeholders(path, argument, each -> RefusedOptions.pathInside(option, argument, each)));
        }
        Optional<RefusedOptions.Refusal> refusal = RefusedOptions.check(resolved);
        if (refusal.isPresent()) {
            throw problem("$.arguments[" + refusal.get().index() + "]", refusal.get().what(), refusal.get().remedy());
        }
        return resolved;
    }

    /// Files are checked only when the machine starts: a profile whose kernel is not there yet can still be listed.
    private Optional<Path> path(String jsonPath, String text) throws ProfileException {
        if (text == null) {
            return Optional.empty();
        }
        if (text.isBlank()) {
            throw problem(jsonPath, "is empty", "write a path or leave it out");
        }
        String filled = placeholders(jsonPath, text, each -> each);
        if (filled.startsWith("~/")) {
            filled = System.getProperty("user.home") + filled.substring(1);
        }
        return Optional.of(folder.resolve(filled).normalize());
    }

    /// @param written how a path is written in the text
    private String placeholders(String jsonPath, String text, UnaryOperator<String> written) throws ProfileException {
        if (text.indexOf('\0') >= 0) {
            throw problem(jsonPath, "has a zero character, which no argument and no path can have", "take it out");
        }
        Matcher matcher = PLACEHOLDER.matcher(text);
        StringBuilder filled = new StringBuilder();
        while (matcher.find()) {
            String value = switch (matcher.group(1)) {
                case "guest" -> guestFolder.toString();
                case "profile" -> folder.toString();
                default -> throw problem(jsonPath, "unknown placeholder " + matcher.group(),
                        "known are ${guest} and ${profile}");
            };
            matcher.appendReplacement(filled, Matcher.quoteReplacement(written.apply(value)));
        }
        return matcher.appendTail(filled).toString();
    }
}
