// The guest's first process: makes a small Linux system out of the initramfs, or goes over to the one on a disk
// (ff.root), runs the workload that the kernel arguments name, keeps a shell on the console beside it, and ends the
// machine when asked to.
//
// It answers the signals that busybox's `reboot`, `poweroff` and `halt` send to process 1, so these commands work
// when typed on the console. A workload that comes to its end (ff.end) powers the machine off.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"

enum { MOST_ARGUMENTS = 64, LONGEST_COMMAND_LINE = 4096, DISK_PATIENCE_MILLIS = 10000 };

static bool on_disk; // the root file system is one that must be made clean before the machine ends

static char *arguments[MOST_ARGUMENTS];
static int argument_count;

void take_argument(const char *text) {
  if (strncmp(text, "ff.", 3) == 0 && argument_count < MOST_ARGUMENTS) {
    arguments[argument_count++] = strdup(text + 3);
  }
}

void read_kernel_arguments(void) {
  static char line[LONGEST_COMMAND_LINE];
  int file = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? 0 : read(file, line, sizeof line - 1);
  close(file);
  line[length < 0 ? 0 : length] = '\0';
  for (char *word = strtok(line, " \t\n"); word != NULL; word = strtok(NULL, " \t\n")) {
    take_argument(word);
  }
}

const char *text_argument(const char *name, const char *fallback) {
  size_t length = strlen(name);
  for (int i = argument_count - 1; i >= 0; i--) {
    if (strncmp(arguments[i], name, length) == 0) {
      if (arguments[i][length] == '=') {
        return arguments[i] + length + 1;
      }
      if (arguments[i][length] == '\0') {
        return "";
      }
    }
  }
  return fallback;
}

uint64_t number_argument(const char *name, uint64_t fallback) {
  const char *text = text_argument(name, NULL);
  if (text == NULL) {
    return fallback;
  }
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 0);
  if (errno != 0 || *text < '0' || *text > '9' || *end != '\0') {
    say("ff.%s=%s is not a whole number: using %llu", name, text, (unsigned long long)fallback);
    return fallback;
  }
  return number;
}

void say(const char *format, ...) {
  char line[256];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line - 1, format, values);
  va_end(values);
  if (length > (int)sizeof line - 2) {
    length = sizeof line - 2;
  }
  line[length++] = '\n';
  if (write(STDOUT_FILENO, line, length) != length) {
    return; // without a console there is nobody to tell
  }
}

static void mount_or_say(const char *type, const char *where, const char *options) {
  mkdir(where, 0755);
  if (mount(type, where, type, MS_NOSUID, options) != 0 && errno != EBUSY) {
    say("init: cannot mount %s on %s: %s", type, where, strerror(errno));
  }
}

// /dev/console cannot be a controlling terminal, the device behind it can: Ctrl-C needs one.
static void open_console(void) {
  char path[64] = "/dev/";
  int file = open("/sys/class/tty/console/active", O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? 0 : read(file, path + 5, sizeof path - 6);
  close(file);
  path[5 + (length < 0 ? 0 : length)] = '\0';
  path[strcspn(path, "\n")] = '\0';
  char *last = strrchr(path, ' '); // the kernel lists several consoles with the preferred one last
  if (last != NULL) {
    memmove(path + 5, last + 1, strlen(last + 1) + 1);
  }
  int console = open(path, O_RDWR | O_NOCTTY);
  if (console < 0) {
    console = open("/dev/console", O_RDWR | O_NOCTTY);
  }
  if (console < 0) {
    return;
  }
  dup2(console, STDIN_FILENO);
  dup2(console, STDOUT_FILENO);
  dup2(console, STDERR_FILENO);
  if (console > STDERR_FILENO) {
    close(console);
  }
  struct termios settings;
  if (tcgetattr(STDIN_FILENO, &settings) == 0) {
    settings.c_oflag &= ~(tcflag_t)ONLCR; // a line ends with \n alone: who reads it is a program
    tcsetattr(STDIN_FILENO, TCSANOW, &settings);
  }
}

// --- a root file system on a disk -------------------------------------------------------------------------------

static void load_module(const char *name) {
  char path[300];
  snprintf(path, sizeof path, "/modules/%s", name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0 || (syscall(SYS_finit_module, file, "", 0) != 0 && errno != EEXIST && errno != ENODEV)) {
    say("init: cannot load %s: %s", path, strerror(errno));
  }
  close(file);
}

// Loads drivers until there is what they drive. The modules' names start with numbers, so that each comes after those
// that it needs; what is not needed stays where it is. Disks behind SCSI appear a little later than their drivers.
static bool find_device(const char *device) {
  struct dirent **modules;
  int count = scandir("/modules", &modules, NULL, alphasort);
  for (int i = 0; i < count && access(device, F_OK) != 0; i++) {
    if (modules[i]->d_name[0] != '.') {
      load_module(modules[i]->d_name);
    }
  }
  for (int waited = 0; waited < DISK_PATIENCE_MILLIS && access(device, F_OK) != 0; waited += 10) {
    usleep(10000);
  }
  return access(device, F_OK) == 0;
}

// Goes over to the file system on the disk. This process and the initramfs stay: the latter is /run/guest from now on.
static bool enter_disk(const char *device) {
  if (!find_device(device)) {
    say("init: there is no disk %s (ff.root), or no driver for it among /modules", device);
    return false;
  }
  mkdir("/root", 0755);
  if (mount(device, "/root", "ext4", MS_NOATIME, NULL) != 0) {
    say("init: cannot mount %s: %s", device, strerror(errno));
    return false;
  }
  mount_or_say("tmpfs", "/root/run", "mode=755");
  mkdir("/root/run/guest", 0755);
  if (mount("/", "/root/run/guest", NULL, MS_BIND, NULL) != 0 || mount("/proc", "/root/proc", NULL, MS_MOVE, NULL) != 0 ||
      mount("/sys", "/root/sys", NULL, MS_MOVE, NULL) != 0 || mount("/dev", "/root/dev", NULL, MS_MOVE, NULL) != 0 ||
      chdir("/root") != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0) {
    say("init: cannot go over to %s: %s", device, strerror(errno));
    return false;
  }
  return true;
}

// --------------------------------------------------------------------------------------------------------------------

static pid_t fork_ready(void) {
  pid_t child = fork();
  if (child == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
  }
  return child;
}

static pid_t start_workload(void) {
  pid_t child = fork_ready();
  if (child == 0) {
    _exit(run_workload());
  }
  return child;
}

// Without ff.shell the shell reads its commands like a script: no prompt stands in front of the workload's lines.
static pid_t start_shell(bool prompt) {
  pid_t child = fork_ready();
  if (child == 0) {
    ioctl(STDIN_FILENO, TIOCSCTTY, 1);
    setenv("TERM", "vt100", 1);
    setenv("PS1", "guest# ", 1);
    execl(prompt && on_disk ? "/bin/bash" : "/bin/sh", "sh", prompt ? "-i" : "/proc/self/fd/0", NULL);
    _exit(127);
  }
  return child;
}

static void end_processes(void) {
  kill(-1, SIGKILL);
  while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
  }
  sync();
  if (on_disk && mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0) {
    say("init: cannot leave the disk clean: %s", strerror(errno));
  }
  tcdrain(STDOUT_FILENO);
}

static _Noreturn void end_machine(int how) {
  end_processes();
  reboot(how);
  for (;;) {
    pause();
  }
}

// The I/O port of the ACPI register that powers the machine off, or 0 if there is none.
static unsigned power_port(void) {
  FILE *ports = fopen("/proc/ioports", "re");
  char line[128];
  unsigned port = 0;
  while (ports != NULL && port == 0 && fgets(line, sizeof line, ports) != NULL) {
    if (strstr(line, "ACPI PM1a_CNT_BLK") == NULL || sscanf(line, " %x-", &port) != 1) {
      port = 0;
    }
  }
  if (ports != NULL) {
    fclose(ports);
  }
  return port;
}

// Ends a run whose memory is to be compared with another's. The kernel's own power-off goes on after it asked for it,
// until QEMU's main loop notices, and writes a little more memory on a busy host than on an idle one. Here nothing but a
// jump comes behind the request (SLP_EN with sleep type 0, which is S5 on QEMU's PCs; SCI_EN stays set).
static _Noreturn void end_run(void) {
  end_processes();
  unsigned port = power_port();
  if (port != 0 && iopl(3) == 0) {
    __asm__ volatile("cli\n\toutw %w0, %w1\n0:\tjmp 0b" : : "a"(0x2001), "d"(port));
  }
  end_machine(RB_POWER_OFF);
}

static int run_first_process(void) {
  mount_or_say("proc", "/proc", NULL);
  mount_or_say("sysfs", "/sys", NULL);
  mount_or_say("devtmpfs", "/dev", NULL);
  open_console();
  read_kernel_arguments();
  // while /modules is there
  if (text_argument("address", NULL) != NULL && !find_device("/sys/class/net/eth0")) {
    say("init: there is no network card (ff.address), or no driver for it among /modules");
  }
  const char *root = text_argument("root", NULL);
  on_disk = root != NULL && enter_disk(root);
  if (!on_disk) {
    mount_or_say("tmpfs", "/tmp", "mode=1777,size=90%");
  }
  setenv("PATH", on_disk ? "/usr/sbin:/usr/bin:/sbin:/bin:/run/guest/bin" : "/bin", 1);
  setenv("HOME", "/tmp", 1);

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGUSR2);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  reboot(RB_DISABLE_CAD); // Ctrl-Alt-Del comes here as SIGINT

  bool prompt = text_argument("shell", NULL) != NULL;
  pid_t workload = start_workload();
  pid_t shell = start_shell(prompt);
  for (;;) {
    switch (sigwaitinfo(&signals, NULL)) {
    case SIGTERM:
    case SIGINT:
      end_machine(RB_AUTOBOOT);
    case SIGUSR1:
      end_machine(RB_HALT_SYSTEM);
    case SIGUSR2:
      end_machine(RB_POWER_OFF);
    default:
      break;
    }
    int status;
    for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (ended == workload) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
          end_run();
        }
        say("init: the workload failed (%s %d)", WIFSIGNALED(status) ? "signal" : "status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
      } else if (ended == shell) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
          say("init: no shell on the console: /bin/sh does not start");
        } else {
          shell = start_shell(prompt);
        }
      }
    }
  }
}

// As process 1 this is init; typed on the console (`workload ff.workload=random ff.rate=100`) it runs one more
// workload whose arguments go before the kernel's.
int main(int count, char **words) {
  if (getpid() == 1) {
    return run_first_process();
  }
  read_kernel_arguments();
  for (int i = 1; i < count; i++) {
    take_argument(words[i]);
  }
  return run_workload();
}
