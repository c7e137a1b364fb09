using System;
using System.Linq;

using ExchangeOnlineManagement.Native;

using Xunit;

namespace ExchangeOnlineManagement.Tests;

public unsafe class ErrorTests
{
    [Fact]
    public void The_library_has_the_interface_this_module_was_written_for()
    {
        Assert.Equal(NativeMethods.AbiMajor, NativeMethods.exo_abi_version() >> 16);
    }

    [Theory]
    [InlineData("<I32></I32>")]
    [InlineData("<Obj><Unknown /></Obj>")]
    [InlineData("<S>a")]
    [InlineData("<Ref RefId=\"99\" />")]
    public void What_is_not_clixml_is_an_error_with_its_place(string clixml)
    {
        var error = Assert.Throws<ExoException>(() => Decoded.Tape(clixml));
        Assert.Equal(ExoStatus.BadClixml, error.Status);
        Assert.Equal("InvalidData", error.Category);
        Assert.Equal("ExoBadClixml", error.ErrorId);
        Assert.Contains("byte", error.Message);
    }

    [Fact]
    public void Every_status_has_the_name_that_the_library_gives_it()
    {
        foreach (ExoStatus status in Enum.GetValues<ExoStatus>())
        {
            NativeText text;
            Assert.Equal(ExoStatus.Ok, NativeMethods.exo_status_name(status, &text));
            string name = text.ToString().Replace("_", "", StringComparison.Ordinal);
            Assert.Equal(name, status.ToString(), ignoreCase: true);
        }
        int known = Enumerable.Range(0, 1000).Count(number =>
        {
            NativeText text;
            return NativeMethods.exo_status_name((ExoStatus)number, &text) == ExoStatus.Ok;
        });
        Assert.Equal(Enum.GetValues<ExoStatus>().Length, known);
    }

    [Fact]
    public void Wrong_options_are_refused_before_anything_is_sent()
    {
        var error = Assert.Throws<ExoException>(() => NativeSession.Connect("{\"unknown\": 1}", new NativeSecrets()));
        Assert.Equal(ExoStatus.BadJson, error.Status);
        Assert.Equal("InvalidArgument", error.Category);
        error = Assert.Throws<ExoException>(() => NativeSession.Connect("", new NativeSecrets()));
        Assert.Equal(ExoStatus.BadJson, error.Status);
    }

    [Fact]
    public void A_secret_without_meaning_is_refused_by_its_name()
    {
        using var secrets = new NativeSecrets();
        secrets.Add("passwort", "x");
        var error = Assert.Throws<ExoException>(() => NativeSession.Connect("{}", secrets));
        Assert.Equal(ExoStatus.BadArgument, error.Status);
        Assert.Contains("`passwort`", error.Message);
    }

    [Fact]
    public void A_closed_handle_is_an_exception_and_no_crash()
    {
        NativeOperation operation = NativeSession.Connect("{\"connectionUri\": \"http://mail.contoso.com/powershell\"}", new NativeSecrets());
        operation.Dispose();
        Assert.Throws<ObjectDisposedException>(() => operation.TryNext(0, out _));
        operation.Cancel();
        operation.Dispose();
    }

    [Fact]
    public void A_failure_to_connect_says_the_step_and_what_to_do()
    {
        using NativeOperation operation =
            NativeSession.Connect("{\"connectionUri\": \"http://mail.contoso.com/powershell\", \"user\": \"a@contoso.com\"}", new NativeSecrets());
        var error = Assert.Throws<ExoException>(() =>
        {
            while (operation.TryNext(NativeMethods.WaitForever, out NativeEvent? next))
            {
                next!.Dispose();
            }
        });
        Assert.NotEmpty(error.Message);
        Assert.NotEmpty(error.Step);
        Assert.NotEmpty(error.Category);
        Assert.False(operation.TryNext(0, out _));
        Assert.True(operation.HasEnded);
    }
}
