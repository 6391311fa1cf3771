package dev.freezeframe.qemu.profile;

/// Something wrong in the text of a profile.
///
/// @param jsonPath where, such as `$.arguments[2]`; empty where it is not about a place
/// @param message one line: what is wrong there and what to write instead
public record ProfileProblem(String jsonPath, String message) {}
