//! The 56 methods of a host, and which of them are answered.

/// A method the remote side calls on the host of the client (2.2.3.17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum HostMethod {
    /// The name of the host.
    GetName = 1,
    /// The version of the host.
    GetVersion = 2,
    /// The identifier of the host.
    GetInstanceId = 3,
    /// The culture.
    GetCurrentCulture = 4,
    /// The culture of texts.
    GetCurrentUICulture = 5,
    /// The remote side asks to end the session with this exit code.
    SetShouldExit = 6,
    /// Begin a nested prompt.
    EnterNestedPrompt = 7,
    /// End a nested prompt.
    ExitNestedPrompt = 8,
    /// A native program begins.
    NotifyBeginApplication = 9,
    /// A native program has ended.
    NotifyEndApplication = 10,
    /// Read a line.
    ReadLine = 11,
    /// Read a line without showing it.
    ReadLineAsSecureString = 12,
    /// Write text.
    Write1 = 13,
    /// Write text in two colours.
    Write2 = 14,
    /// Write an empty line.
    WriteLine1 = 15,
    /// Write a line.
    WriteLine2 = 16,
    /// Write a line in two colours.
    WriteLine3 = 17,
    /// Write a line of an error.
    WriteErrorLine = 18,
    /// Write a line of debug text.
    WriteDebugLine = 19,
    /// Show progress.
    WriteProgress = 20,
    /// Write a line of verbose text.
    WriteVerboseLine = 21,
    /// Write a line of a warning.
    WriteWarningLine = 22,
    /// Ask for several values.
    Prompt = 23,
    /// Ask for a user and a password.
    PromptForCredential1 = 24,
    /// Ask for a user and a password, with the kinds allowed.
    PromptForCredential2 = 25,
    /// Ask for one of several choices.
    PromptForChoice = 26,
    /// Colour of text.
    GetForegroundColor = 27,
    /// Set the colour of text.
    SetForegroundColor = 28,
    /// Colour behind text.
    GetBackgroundColor = 29,
    /// Set the colour behind text.
    SetBackgroundColor = 30,
    /// Where the cursor is.
    GetCursorPosition = 31,
    /// Move the cursor.
    SetCursorPosition = 32,
    /// Where the window is in the buffer.
    GetWindowPosition = 33,
    /// Move the window in the buffer.
    SetWindowPosition = 34,
    /// Size of the cursor.
    GetCursorSize = 35,
    /// Set the size of the cursor.
    SetCursorSize = 36,
    /// Size of the buffer.
    GetBufferSize = 37,
    /// Set the size of the buffer.
    SetBufferSize = 38,
    /// Size of the window.
    GetWindowSize = 39,
    /// Set the size of the window.
    SetWindowSize = 40,
    /// Title of the window.
    GetWindowTitle = 41,
    /// Set the title of the window.
    SetWindowTitle = 42,
    /// The largest window for this buffer.
    GetMaxWindowSize = 43,
    /// The largest window for this screen.
    GetMaxPhysicalWindowSize = 44,
    /// Whether a key waits.
    GetKeyAvailable = 45,
    /// Read a key.
    ReadKey = 46,
    /// Forget keys that wait.
    FlushInputBuffer = 47,
    /// Fill a rectangle of the buffer.
    SetBufferContents1 = 48,
    /// Write cells into the buffer.
    SetBufferContents2 = 49,
    /// Read cells of the buffer.
    GetBufferContents = 50,
    /// Move a rectangle of the buffer.
    ScrollBufferContents = 51,
    /// Go into another runspace.
    PushRunspace = 52,
    /// Come back from it.
    PopRunspace = 53,
    /// Whether there is another runspace to come back from.
    GetIsRunspacePushed = 54,
    /// The runspace.
    GetRunspace = 55,
    /// Ask for some of several choices.
    PromptForChoiceMultipleSelection = 56,
}

impl HostMethod {
    /// Every method, in the order of their numbers.
    pub const ALL: &'static [HostMethod] = &[
        HostMethod::GetName,
        HostMethod::GetVersion,
        HostMethod::GetInstanceId,
        HostMethod::GetCurrentCulture,
        HostMethod::GetCurrentUICulture,
        HostMethod::SetShouldExit,
        HostMethod::EnterNestedPrompt,
        HostMethod::ExitNestedPrompt,
        HostMethod::NotifyBeginApplication,
        HostMethod::NotifyEndApplication,
        HostMethod::ReadLine,
        HostMethod::ReadLineAsSecureString,
        HostMethod::Write1,
        HostMethod::Write2,
        HostMethod::WriteLine1,
        HostMethod::WriteLine2,
        HostMethod::WriteLine3,
        HostMethod::WriteErrorLine,
        HostMethod::WriteDebugLine,
        HostMethod::WriteProgress,
        HostMethod::WriteVerboseLine,
        HostMethod::WriteWarningLine,
        HostMethod::Prompt,
        HostMethod::PromptForCredential1,
        HostMethod::PromptForCredential2,
        HostMethod::PromptForChoice,
        HostMethod::GetForegroundColor,
        HostMethod::SetForegroundColor,
        HostMethod::GetBackgroundColor,
        HostMethod::SetBackgroundColor,
        HostMethod::GetCursorPosition,
        HostMethod::SetCursorPosition,
        HostMethod::GetWindowPosition,
        HostMethod::SetWindowPosition,
        HostMethod::GetCursorSize,
        HostMethod::SetCursorSize,
        HostMethod::GetBufferSize,
        HostMethod::SetBufferSize,
        HostMethod::GetWindowSize,
        HostMethod::SetWindowSize,
        HostMethod::GetWindowTitle,
        HostMethod::SetWindowTitle,
        HostMethod::GetMaxWindowSize,
        HostMethod::GetMaxPhysicalWindowSize,
        HostMethod::GetKeyAvailable,
        HostMethod::ReadKey,
        HostMethod::FlushInputBuffer,
        HostMethod::SetBufferContents1,
        HostMethod::SetBufferContents2,
        HostMethod::GetBufferContents,
        HostMethod::ScrollBufferContents,
        HostMethod::PushRunspace,
        HostMethod::PopRunspace,
        HostMethod::GetIsRunspacePushed,
        HostMethod::GetRunspace,
        HostMethod::PromptForChoiceMultipleSelection,
    ];

    /// The method of a number on the wire.
    #[must_use]
    pub fn from_number(number: i64) -> Option<HostMethod> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        HostMethod::ALL.get(index).copied()
    }

    /// The number on the wire, 1 to 56.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            HostMethod::GetName => 1,
            HostMethod::GetVersion => 2,
            HostMethod::GetInstanceId => 3,
            HostMethod::GetCurrentCulture => 4,
            HostMethod::GetCurrentUICulture => 5,
            HostMethod::SetShouldExit => 6,
            HostMethod::EnterNestedPrompt => 7,
            HostMethod::ExitNestedPrompt => 8,
            HostMethod::NotifyBeginApplication => 9,
            HostMethod::NotifyEndApplication => 10,
            HostMethod::ReadLine => 11,
            HostMethod::ReadLineAsSecureString => 12,
            HostMethod::Write1 => 13,
            HostMethod::Write2 => 14,
            HostMethod::WriteLine1 => 15,
            HostMethod::WriteLine2 => 16,
            HostMethod::WriteLine3 => 17,
            HostMethod::WriteErrorLine => 18,
            HostMethod::WriteDebugLine => 19,
            HostMethod::WriteProgress => 20,
            HostMethod::WriteVerboseLine => 21,
            HostMethod::WriteWarningLine => 22,
            HostMethod::Prompt => 23,
            HostMethod::PromptForCredential1 => 24,
            HostMethod::PromptForCredential2 => 25,
            HostMethod::PromptForChoice => 26,
            HostMethod::GetForegroundColor => 27,
            HostMethod::SetForegroundColor => 28,
            HostMethod::GetBackgroundColor => 29,
            HostMethod::SetBackgroundColor => 30,
            HostMethod::GetCursorPosition => 31,
            HostMethod::SetCursorPosition => 32,
            HostMethod::GetWindowPosition => 33,
            HostMethod::SetWindowPosition => 34,
            HostMethod::GetCursorSize => 35,
            HostMethod::SetCursorSize => 36,
            HostMethod::GetBufferSize => 37,
            HostMethod::SetBufferSize => 38,
            HostMethod::GetWindowSize => 39,
            HostMethod::SetWindowSize => 40,
            HostMethod::GetWindowTitle => 41,
            HostMethod::SetWindowTitle => 42,
            HostMethod::GetMaxWindowSize => 43,
            HostMethod::GetMaxPhysicalWindowSize => 44,
            HostMethod::GetKeyAvailable => 45,
            HostMethod::ReadKey => 46,
            HostMethod::FlushInputBuffer => 47,
            HostMethod::SetBufferContents1 => 48,
            HostMethod::SetBufferContents2 => 49,
            HostMethod::GetBufferContents => 50,
            HostMethod::ScrollBufferContents => 51,
            HostMethod::PushRunspace => 52,
            HostMethod::PopRunspace => 53,
            HostMethod::GetIsRunspacePushed => 54,
            HostMethod::GetRunspace => 55,
            HostMethod::PromptForChoiceMultipleSelection => 56,
        }
    }

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            HostMethod::GetName => "GetName",
            HostMethod::GetVersion => "GetVersion",
            HostMethod::GetInstanceId => "GetInstanceId",
            HostMethod::GetCurrentCulture => "GetCurrentCulture",
            HostMethod::GetCurrentUICulture => "GetCurrentUICulture",
            HostMethod::SetShouldExit => "SetShouldExit",
            HostMethod::EnterNestedPrompt => "EnterNestedPrompt",
            HostMethod::ExitNestedPrompt => "ExitNestedPrompt",
            HostMethod::NotifyBeginApplication => "NotifyBeginApplication",
            HostMethod::NotifyEndApplication => "NotifyEndApplication",
            HostMethod::ReadLine => "ReadLine",
            HostMethod::ReadLineAsSecureString => "ReadLineAsSecureString",
            HostMethod::Write1 => "Write1",
            HostMethod::Write2 => "Write2",
            HostMethod::WriteLine1 => "WriteLine1",
            HostMethod::WriteLine2 => "WriteLine2",
            HostMethod::WriteLine3 => "WriteLine3",
            HostMethod::WriteErrorLine => "WriteErrorLine",
            HostMethod::WriteDebugLine => "WriteDebugLine",
            HostMethod::WriteProgress => "WriteProgress",
            HostMethod::WriteVerboseLine => "WriteVerboseLine",
            HostMethod::WriteWarningLine => "WriteWarningLine",
            HostMethod::Prompt => "Prompt",
            HostMethod::PromptForCredential1 => "PromptForCredential1",
            HostMethod::PromptForCredential2 => "PromptForCredential2",
            HostMethod::PromptForChoice => "PromptForChoice",
            HostMethod::GetForegroundColor => "GetForegroundColor",
            HostMethod::SetForegroundColor => "SetForegroundColor",
            HostMethod::GetBackgroundColor => "GetBackgroundColor",
            HostMethod::SetBackgroundColor => "SetBackgroundColor",
            HostMethod::GetCursorPosition => "GetCursorPosition",
            HostMethod::SetCursorPosition => "SetCursorPosition",
            HostMethod::GetWindowPosition => "GetWindowPosition",
            HostMethod::SetWindowPosition => "SetWindowPosition",
            HostMethod::GetCursorSize => "GetCursorSize",
            HostMethod::SetCursorSize => "SetCursorSize",
            HostMethod::GetBufferSize => "GetBufferSize",
            HostMethod::SetBufferSize => "SetBufferSize",
            HostMethod::GetWindowSize => "GetWindowSize",
            HostMethod::SetWindowSize => "SetWindowSize",
            HostMethod::GetWindowTitle => "GetWindowTitle",
            HostMethod::SetWindowTitle => "SetWindowTitle",
            HostMethod::GetMaxWindowSize => "GetMaxWindowSize",
            HostMethod::GetMaxPhysicalWindowSize => "GetMaxPhysicalWindowSize",
            HostMethod::GetKeyAvailable => "GetKeyAvailable",
            HostMethod::ReadKey => "ReadKey",
            HostMethod::FlushInputBuffer => "FlushInputBuffer",
            HostMethod::SetBufferContents1 => "SetBufferContents1",
            HostMethod::SetBufferContents2 => "SetBufferContents2",
            HostMethod::GetBufferContents => "GetBufferContents",
            HostMethod::ScrollBufferContents => "ScrollBufferContents",
            HostMethod::PushRunspace => "PushRunspace",
            HostMethod::PopRunspace => "PopRunspace",
            HostMethod::GetIsRunspacePushed => "GetIsRunspacePushed",
            HostMethod::GetRunspace => "GetRunspace",
            HostMethod::PromptForChoiceMultipleSelection => "PromptForChoiceMultipleSelection",
        }
    }

    /// The remote side waits for an answer; every other method gets none.
    #[must_use]
    pub const fn has_return(self) -> bool {
        !matches!(
            self,
            HostMethod::SetShouldExit
                | HostMethod::EnterNestedPrompt
                | HostMethod::ExitNestedPrompt
                | HostMethod::NotifyBeginApplication
                | HostMethod::NotifyEndApplication
                | HostMethod::Write1
                | HostMethod::Write2
                | HostMethod::WriteLine1
                | HostMethod::WriteLine2
                | HostMethod::WriteLine3
                | HostMethod::WriteErrorLine
                | HostMethod::WriteDebugLine
                | HostMethod::WriteProgress
                | HostMethod::WriteVerboseLine
                | HostMethod::WriteWarningLine
                | HostMethod::SetForegroundColor
                | HostMethod::SetBackgroundColor
                | HostMethod::SetCursorPosition
                | HostMethod::SetWindowPosition
                | HostMethod::SetCursorSize
                | HostMethod::SetBufferSize
                | HostMethod::SetWindowSize
                | HostMethod::SetWindowTitle
                | HostMethod::FlushInputBuffer
                | HostMethod::SetBufferContents1
                | HostMethod::SetBufferContents2
                | HostMethod::ScrollBufferContents
                | HostMethod::PushRunspace
                | HostMethod::PopRunspace
        )
    }
}

impl std::fmt::Display for HostMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
