#include <fcntl.h>
#include <unistd.h>

#include "cli/app.h"

namespace {

/// A standard stream that the parent closed would be taken over by the next file that is opened. What stands in for it
/// fails as a closed one does.
void OccupyStandardStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) < 0) open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  OccupyStandardStreams();
  return gf_otlp::cli::Run(argc, argv, {});
}
