package dev.freezeframe.qemu.machine;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a guest has given its virtio network cards to send and they have not sent yet: a card with `tx=timer` waits a moment for
/// more.
///
/// QEMU begins that moment anew when a guest that was stopped goes on (`virtio_net_set_status`), so a run that was stopped
/// in it sends later than the same run executed again from before, which is not stopped there.
///
/// Whether something waits is told by two numbers in the guest's own memory, which is ours as well: how many packets the guest
/// has offered, and how many it was given back. For one thread.
public final class UnsentPackets {
    private static final String CARD = "virtio-net";
    /// The first queue is what the card receives, the second what it sends; QEMU's user network has no more.
    private static final int SENDING = 1;
    /// Both numbers stand behind two bytes of flags.
    private static final int NUMBER_OFFSET = 2;
    private static final Pattern ADDRESS = Pattern.compile(" is 0x([0-9a-f]{1,16})\\b");
    private static final long NOWHERE = -1;

    private final QmpClient qmp;
    private final SharedMemory memory;
    private final Duration patience;
    private final List<Queue> queues = new ArrayList<>();
    private boolean lookedForCards;
    private final ByteBuffer number = ByteBuffer.allocateDirect(Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /// What a card sends, and where the numbers of it are in the guest's RAM, by the guest's address and in our memory; nowhere
    /// as long as the guest has not set the card up.
    private static final class Queue {
        final String path;
        long offeredAddress;
        long returnedAddress;
        long offered = NOWHERE;
        long returned = NOWHERE;

        Queue(String path) {
            this.path = path;
        }

        boolean isKnown() {
            return offered != NOWHERE && returned != NOWHERE;
        }
    }

    /// Of a machine whose run is logged; of others nobody needs to know, and nothing is asked.
    ///
    /// @param patience how long an answer of QEMU's is waited for
    public UnsentPackets(Machine machine, Duration patience) {
        qmp = machine.qmp();
        memory = machine.memory();
        this.patience = patience;
        lookedForCards = !machine.isLogged();
    }

    /// Looks where the numbers are, while the guest runs; it may have set its cards up anew.
    public void locate() throws QmpException {
        if (!lookedForCards) {
            for (JsonNode device : qmp.execute(QmpCommand.of("x-query-virtio"), patience)) {
                if (device.path("name").asText().equals(CARD)) {
                    queues.add(new Queue(device.path("path").asText()));
                }
            }
            lookedForCards = true;
        }
        for (Queue queue : queues) {
            JsonNode status = qmp.execute(QmpCommand.of("x-query-virtio-queue-status").with("path", queue.path).with(
                    "queue", SENDING), patience);
            long offeredAddress = status.path("vring-avail").asLong();
            long returnedAddress = status.path("vring-used").asLong();
            if (!queue.isKnown() || offeredAddress != queue.offeredAddress
                    || returnedAddress != queue.returnedAddress) {
                // both asked first: where QEMU does not answer, they are asked again
                long offered = place(offeredAddress);
                long returned = place(returnedAddress);
                queue.offeredAddress = offeredAddress;
                queue.returnedAddress = returnedAddress;
                queue.offered = offered;
                queue.returned = returned;
            }
        }
    }

    /// Whether any card has something to send. Reads memory only; made for the pause.
    public boolean areThere() {
        for (Queue queue : queues) {
            if (queue.isKnown() && number(queue.offered) != number(
                    queue.returned)) {
                return true;
            }
        }
        return false;
    }

    private short number(long place) {
        memory.read(place, Short.BYTES, number, 0);
        return number.getShort(0);
    }

    /// Where in our memory the number behind an address of the guest's is. RAM begins at address 0 and has a gap below 4 GiB,
    /// which is another one for each type of machine; QEMU tells where it has both.
    private long place(long address) throws QmpException {
        if (address == 0) {
            return NOWHERE;
        }
        OptionalLong there = hostAddress(address);
        OptionalLong start = hostAddress(0);
        if (there.isEmpty() || start.isEmpty()) {
            return NOWHERE;
        }
        long place = there.getAsLong() - start.getAsLong() + NUMBER_OFFSET;
        return place >= 0 && place <= memory.sizeBytes() - Short.BYTES ? place : NOWHERE;
    }

    /// Empty where the guest has no memory: what it tells its card is not to be trusted.
    private OptionalLong hostAddress(long address) throws QmpException {
        String answer = qmp.execute(QmpCommand.humanMonitor("gpa2hva 0x" + Long.toHexString(address)), patience)
                .asText();
        Matcher told = ADDRESS.matcher(answer);
        return told.find() ? OptionalLong.of(Long.parseUnsignedLong(told.group(1), 16)) : OptionalLong.empty();
    }
}
