package dev.freezeframe.qemu.profile;

import java.io.IOException;

/// A profile that cannot be used. The message is one line: the file, the place in it as a JSON path, what is wrong
/// there and what to write instead.
public final class ProfileException extends IOException {
    private static final long serialVersionUID = 1;

    private final String jsonPath;
    private final String problem;

    ProfileException(String file, String jsonPath, String what, String remedy) {
        super("profile " + file + ": " + (jsonPath.isEmpty() ? "" : jsonPath + ": ") + what + (remedy.isEmpty()
                ? ""
                : "; " + remedy));
        this.jsonPath = jsonPath;
        problem = what + (remedy.isEmpty() ? "" : "; " + remedy);
    }

    /// What is wrong and what to write instead, without file and place.
    public String problem() {
        return problem;
    }

    /// Where in the file, such as `$.arguments[2]`; empty where it is not about a place.
    public String jsonPath() {
        return jsonPath;
    }
}
