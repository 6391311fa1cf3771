/// What this computer has and lacks: the doctor, and the preparation of guests.
package dev.freezeframe.host;
