package dev.freezeframe.qemu.profile;

import java.util.List;

/// The files that a machine's guest only reads, hashed as a whole in a thread of their own while the guest runs, so that
/// neither its start nor its recording waits for gigabytes. Whoever asks gets what is known by then.
public final class MediaHashes implements AutoCloseable {
    private final Thread thread;
    private volatile List<MediaFile> files;

    private MediaHashes(List<MediaFile> files) {
        this.files = files;
        thread = Thread.ofPlatform().daemon().name("media-hashes").unstarted(this::hash);
    }

    public static MediaHashes of(List<MediaFile> files) {
        MediaHashes hashes = new MediaHashes(List.copyOf(files));
        if (files.stream().anyMatch(file -> file.identity().isPresent() && file.identity().get().sha256().isEmpty())) {
            hashes.thread.start();
        }
        return hashes;
    }

    private void hash() {
        for (int i = 0; i < files.size() && !Thread.interrupted(); i++) {
            List<MediaFile> known = new java.util.ArrayList<>(files);
            known.set(i, known.get(i).whole());
            files = List.copyOf(known);
        }
    }

    public List<MediaFile> now() {
        return files;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
