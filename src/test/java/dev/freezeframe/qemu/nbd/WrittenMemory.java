package dev.freezeframe.qemu.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/// A disk in memory as a guest writes it, which knows what would be left of it after a failure of power, and fails when it is
/// told to. A call beside another one is an error.
final class WrittenMemory implements WritableNbdExport {
    private final byte[] content;
    private final ReentrantLock busy = new ReentrantLock();
    private volatile byte[] durable;
    private final Queue<String> calls = new ConcurrentLinkedQueue<>();
    private final AtomicInteger writes = new AtomicInteger();
    /// Which write fails, counted from 1 on; 0 for none.
    volatile int failingWrite;
    volatile boolean failsToFlush;
    volatile String failure = "the disk is damaged";
    /// What happens in each write and flush.
    volatile Happening happening = () -> {};

    interface Happening {
        void now() throws IOException;
    }

    WrittenMemory(int sizeBytes) {
        content = new byte[sizeBytes];
        durable = content.clone();
    }

    byte[] content() {
        busy.lock();
        try {
            return content.clone();
        } finally {
            busy.unlock();
        }
    }

    /// What the last flush has seen.
    byte[] durable() {
        return durable.clone();
    }

    /// Calls to write, failed ones as well.
    int writes() {
        return writes.get();
    }

    /// All other calls that change something.
    String calls() {
        return String.join(", ", calls);
    }

    private void alone(Happening call) throws IOException {
        if (!busy.tryLock())
            throw new IllegalStateException("two calls at once");
        try {
            call.now();
        } finally {
            busy.unlock();
        }
    }

    @Override
    public long sizeBytes() {
        return content.length;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        alone(() -> target.put(content, (int) offset, target.remaining()));
    }

    @Override
    public void extents(long offset, long lengthBytes, Extents visitor) throws IOException {
        alone(() -> {
            for (long at = offset; at < offset + lengthBytes;) {
                long end = Math.min(offset + lengthBytes, (at / 512 + 1) * 512);
                visitor.extent(at, end - at, Arrays.equals(content, (int) at, (int) end, new byte[512], 0, (int) (end
                        - at)));
                at = end;
            }
        });
    }

    @Override
    public void write(long offset, ByteBuffer source) throws IOException {
        alone(() -> {
            happening.now();
            if (writes.incrementAndGet() == failingWrite)
                throw new IOException(failure);
            source.get(content, (int) offset, source.remaining());
        });
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayTrim) throws IOException {
        alone(() -> {
            calls.add("zero " + offset + " " + length + (mayTrim ? " trimming" : ""));
            Arrays.fill(content, (int) offset, (int) (offset + length), (byte) 0);
        });
    }

    @Override
    public void trim(long offset, long length) throws IOException {
        alone(() -> {
            calls.add("trim " + offset + " " + length);
            Arrays.fill(content, (int) offset, (int) (offset + length), (byte) 0);
        });
    }

    @Override
    public void flush() throws IOException {
        alone(() -> {
            happening.now();
            if (failsToFlush)
                throw new IOException(failure);
            calls.add("flush");
            durable = content.clone();
        });
    }

    @Override
    public void flush(long offset, long length) throws IOException {
        calls.add("range " + offset + " " + length);
        flush();
    }
}
