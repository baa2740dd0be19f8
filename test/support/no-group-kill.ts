/**
 * pid 0 is the sender's own process group, -1 is everybody: a test that takes "no pid" for 0 would end the whole run, and its
 * shell, without a word. Here it fails instead.
 */
const kill = process.kill.bind(process);

process.kill = (pid, signal) => {
  if (pid === 0 || pid === -1) throw new Error(`a test was about to signal pid ${pid}, which is the test run itself`);
  return kill(pid, signal);
};
