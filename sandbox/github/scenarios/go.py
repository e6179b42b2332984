"""A Go job that panics in a test."""

from sandbox.github.create import JobSpec

from .scene import Scene


def panic(scene: Scene) -> list[JobSpec]:
    log = scene.log("worker")
    log.use("actions/setup-go@v6", "  go-version: 1.25\n  check-latest: false")
    log.line("Setup go version spec 1.25", seconds=0.2)
    log.line("Successfully set up Go version 1.25", seconds=0.6)
    log.run("go test ./...", name="Run tests", environment="  GOFLAGS: -mod=readonly")
    log.text(PANIC.format(workspace=log.workspace), seconds=9.3)
    log.fail()
    return [log.finish("failure")]


PANIC = """
ok  	harbour.example/orders/worker/address	0.014s
?   	harbour.example/orders/worker/cmd	[no test files]
--- FAIL: TestRetryAfterTimeout (0.00s)
panic: assignment to entry in nil map [recovered]
	panic: assignment to entry in nil map

goroutine 21 [running]:
testing.tRunner.func1.2({{0x6a3c40, 0x7d1d60}})
	/opt/hostedtoolcache/go/1.25.4/x64/src/testing/testing.go:1872 +0x237
testing.tRunner.func1()
	/opt/hostedtoolcache/go/1.25.4/x64/src/testing/testing.go:1875 +0x35b
panic({{0x6a3c40?, 0x7d1d60?}})
	/opt/hostedtoolcache/go/1.25.4/x64/src/runtime/panic.go:783 +0x132
harbour.example/orders/worker/queue.(*Queue).retry(...)
	{workspace}/worker/queue/queue.go:58
harbour.example/orders/worker/queue.TestRetryAfterTimeout(0xc000186540)
	{workspace}/worker/queue/queue_test.go:33 +0x9b
testing.tRunner(0xc000186540, 0x7149c8)
	/opt/hostedtoolcache/go/1.25.4/x64/src/testing/testing.go:1934 +0xea
created by testing.(*T).Run in goroutine 1
	/opt/hostedtoolcache/go/1.25.4/x64/src/testing/testing.go:1997 +0x465
FAIL	harbour.example/orders/worker/queue	0.021s
FAIL
"""
