using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using InferMesh.Adapters.Gpu.Nvml;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Nvml;

/// <summary>A compiled copy of nvml_stub.c: its own file, hence its own state, so tests may run in parallel.</summary>
internal sealed unsafe class NvmlStub : IDisposable
{
    private static readonly Dictionary<string, string> Builds = [];
    private static readonly Lock Gate = new();

    private readonly nint _handle; // keeps the stub's state alive while the source unloads and reloads it
    private readonly string _folder;

    private NvmlStub(string folder, string path)
    {
        _folder = folder;
        Path = path;
        _handle = NativeLibrary.Load(path);
    }

    public string Path { get; }

    public int SessionsOpened => Call("stub_sessions");

    public bool SessionOpen => Call("stub_open") != 0;

    public int EventSetsOpen => Call("stub_event_sets");

    public static NvmlStub Create(params string[] defines)
    {
        var built = Build(defines);
        var folder = Directory.CreateTempSubdirectory("nvml-stub-").FullName;
        var path = System.IO.Path.Combine(folder, "libnvidia-ml.so.1");
        File.Copy(built, path);
        return new NvmlStub(folder, path);
    }

    public NvmlStub Set(string key, int value)
    {
        var set = (delegate* unmanaged[Cdecl]<byte*, int, void>)NativeLibrary.GetExport(_handle, "stub_set");
        fixed (byte* text = Encoding.UTF8.GetBytes(key + '\0'))
            set(text, value);
        return this;
    }

    public NvmlGpuSource Open() => new(Path);

    public void Dispose()
    {
        NativeLibrary.Free(_handle);
        Directory.Delete(_folder, recursive: true);
    }

    private int Call(string name) => ((delegate* unmanaged[Cdecl]<int>)NativeLibrary.GetExport(_handle, name))();

    private static string Build(string[] defines)
    {
        var key = string.Join(' ', defines);
        lock (Gate)
        {
            if (Builds.TryGetValue(key, out var known))
                return known;
            var folder = Directory.CreateTempSubdirectory("nvml-stub-build-").FullName;
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
            var target = System.IO.Path.Combine(folder, "stub.so");
            var source = System.IO.Path.Combine(AppContext.BaseDirectory, "Adapters", "Gpu", "Nvml", "nvml_stub.c");
            Compile([.. defines.Select(define => "-D" + define), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", target, source]);
            Builds.Add(key, target);
            return target;
        }
    }

    private static void Compile(string[] arguments)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Inconclusive("the NVML stub is built for Linux only");
        Process gcc;
        try
        {
            gcc = Process.Start(new ProcessStartInfo("gcc", arguments) { RedirectStandardError = true })!;
        }
        catch (Win32Exception)
        {
            Assert.Inconclusive("gcc is not installed: the NVML stub cannot be built");
            return;
        }
        using (gcc)
        {
            var errors = gcc.StandardError.ReadToEnd();
            gcc.WaitForExit();
            Assert.AreEqual(0, gcc.ExitCode, errors);
        }
    }
}
