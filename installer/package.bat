@echo off
rem Says why there is no installer for Windows; installer/bootstrap.sh package makes the packages for Linux.
echo freezeframe: no packages for Windows: Freezeframe needs a Linux host on x86-64, because it finds the pages that a guest wrote by userfaultfd and PAGEMAP_SCAN and shares the guest's memory by memfd, which no other kernel has. In a Linux machine, also one of WSL 2: installer/bootstrap.sh package 1>&2
exit /b 1
